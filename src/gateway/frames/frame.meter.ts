import type { Duplex } from 'node:stream';

/** The first byte of a header: FIN, the reserved bits, and the opcode, which is 8 and above for control frames. */
const FINAL = 0x80;

const OPCODE = 0x0f;

const FIRST_CONTROL = 0x08;

const LENGTH_16 = 126;

const LENGTH_64 = 127;

const MASK_BYTES = 4;

/** The longest header: two bytes, eight of length, four of mask (RFC 6455 section 5.2). */
const MAX_HEADER_BYTES = 14;

/**
 * Reads the headers of a client's frames from the raw bytes of its socket. The WebSocket library merges fragments and does not tell how large
 * each was; API Gateway limits the frame.
 */
export class FrameMeter {
  private readonly header = new Uint8Array(MAX_HEADER_BYTES);
  private headerBytes = 0;
  private payloadBytesLeft = 0;
  /** How many messages have ended before the frame that is being read. */
  messages = 0;

  constructor(private readonly maxFrameBytes: number) {}

  /** Takes the next bytes; `false` once a frame announces a payload above the limit. Read no further then. */
  accepts(chunk: Uint8Array): boolean {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.payloadBytesLeft > 0) {
        const skipped = Math.min(this.payloadBytesLeft, chunk.length - offset);
        this.payloadBytesLeft -= skipped;
        offset += skipped;
        continue;
      }
      this.header[this.headerBytes++] = chunk[offset++] as number;
      if (this.headerBytes < 2 || this.headerBytes < this.headerLength) continue;
      this.payloadBytesLeft = this.payloadLength;
      this.headerBytes = 0;
      if (this.payloadBytesLeft > this.maxFrameBytes) return false;
      if (this.endsMessage) this.messages++;
    }
    return true;
  }

  private get endsMessage(): boolean {
    const first = this.header[0] as number;
    return first >= FINAL && (first & OPCODE) < FIRST_CONTROL;
  }

  private get headerLength(): number {
    const second = this.header[1] as number;
    const length = second & 0x7f;
    const lengthBytes = length === LENGTH_64 ? 8 : length === LENGTH_16 ? 2 : 0;
    return 2 + lengthBytes + (second > 0x7f ? MASK_BYTES : 0);
  }

  private get payloadLength(): number {
    const { buffer } = this.header;
    const length = (this.header[1] as number) & 0x7f;
    if (length === LENGTH_16) return new DataView(buffer).getUint16(2);
    return length === LENGTH_64 ? Number(new DataView(buffer).getBigUint64(2)) : length;
  }
}

/**
 * Calls `refuse` once a frame on the stream is above the limit, before anybody else gets the chunk that says so, with the number of messages that
 * were whole before it.
 */
export function measureFrames(stream: Duplex, maxFrameBytes: number, refuse: (messages: number) => void): void {
  const meter = new FrameMeter(maxFrameBytes);
  const measure = (chunk: Buffer): void => {
    if (meter.accepts(chunk)) return;
    stream.off('data', measure);
    refuse(meter.messages);
  };
  stream.prependListener('data', measure);
}
