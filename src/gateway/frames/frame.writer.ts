import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { WriteOutcome } from '../../transports/local/local.transport.js';
import { UNCOMPRESSED, type Frame, type FramedMessage } from './framed.message.js';

/** A message whose frame is being made, and those behind it. */
interface Backlog {
  readonly frames: { readonly frame: Frame; readonly bytes: number }[];
  bytes: number;
}

/**
 * Writes data frames to the stream below a WebSocket, past the library's own sender. That one stays in charge of control frames: it writes each of
 * them whole within one turn, and so does this, so no frame ever lands inside another.
 */
export class FrameWriter {
  private backlog: Backlog | null = null;
  private finish: (() => void) | null = null;

  constructor(
    private readonly socket: Pick<WebSocket, 'readyState' | 'OPEN'>,
    private readonly stream: Duplex,
    private readonly maxBufferedBytes: number,
    private readonly windowBits: number = UNCOMPRESSED,
  ) {}

  /** Whether there is a client to write to. */
  get isOpen(): boolean {
    return this.finish === null && this.socket.readyState === this.socket.OPEN && this.stream.writable;
  }

  /** The bytes that wait for the client. */
  get bufferedBytes(): number {
    return this.stream.writableLength + (this.backlog?.bytes ?? 0);
  }

  /** Writes a message behind those before it; `throttled` when too much waits already. */
  send(message: FramedMessage): WriteOutcome {
    if (!this.isOpen) return 'gone';
    if (this.bufferedBytes > this.maxBufferedBytes) return 'throttled';
    const frame = message.frameFor(this.windowBits);
    if (this.backlog === null && !(frame instanceof Promise)) this.stream.write(frame);
    else this.queue(frame, message.bytes);
    return 'delivered';
  }

  /** Calls `close` behind what was sent; nothing is taken any more. */
  end(close: () => void): void {
    if (this.backlog === null) close();
    else this.finish ??= close;
  }

  private queue(frame: Frame, bytes: number): void {
    if (this.backlog !== null) {
      this.backlog.frames.push({ frame, bytes });
      this.backlog.bytes += bytes;
      return;
    }
    this.backlog = { frames: [{ frame, bytes }], bytes };
    void this.writeBacklog(this.backlog);
  }

  private async writeBacklog(backlog: Backlog): Promise<void> {
    const { frames } = backlog;
    for (let next = frames.shift(); next !== undefined; next = frames.shift()) {
      const made = next.frame instanceof Promise ? await next.frame : next.frame;
      backlog.bytes -= next.bytes;
      // After a close frame of either side nothing may follow.
      if (this.socket.readyState === this.socket.OPEN && this.stream.writable) this.stream.write(made);
    }
    this.backlog = null;
    this.finish?.();
  }
}
