import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, inflateRawSync } from 'node:zlib';
import { FrameReader, Opcode, type ReceivedFrame } from './frames.js';
import { upgradeRequest } from './gateway-client.js';
import { Inbox } from './gateway-inbox.js';

/** How the server closed: the code of its close frame, `empty` for one without, `none` when the socket ended without a close frame. */
export type ServerClose = number | 'empty' | 'none';

/** Past so many pieces they are written in one turn: the system cuts them as it likes. */
const MAX_TURNS = 300;

/** What goes after a message before it is inflated (RFC 7692 section 7.2.2). */
const INFLATE_TAIL = Buffer.of(0, 0, 0xff, 0xff);

/** A WebSocket client that writes just the bytes it is given, and takes nothing from the server that a server must not send. */
export class WireClient {
  private readonly reader = new FrameReader();
  private parts: Buffer[] = [];
  private isCompressed = false;
  /** The head of the server's answer to the handshake. */
  head = '';
  /** The whole text messages that came. */
  readonly texts = new Inbox<string>();
  /** Whether each of them came compressed. */
  readonly compressed: boolean[] = [];
  readonly pongs = new Inbox<string>();
  /** The window that compressed messages are inflated with. */
  windowBits = 15;
  /** What the server did that it must not do. */
  readonly offences: string[] = [];
  /** What the server's close frame said. */
  close: ServerClose = 'none';
  /** The codes of the server's close frames, of which there is one at most. */
  readonly closeFrames = new Inbox<ServerClose>();
  closeReason = '';
  readonly closed: Promise<ServerClose>;

  private constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve(this.close)));
  }

  /** Does the handshake, with these headers besides. */
  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<WireClient> {
    const client = new WireClient(connectTcp({ port, host: '127.0.0.1' }));
    await once(client.socket, 'connect');
    client.socket.write(upgradeRequest({ headers }));
    await client.readHead();
    return client;
  }

  /** Writes bytes in pieces of this size, each in a turn of the event loop of its own as far as they are few. */
  async write(bytes: Uint8Array, pieceBytes = Infinity): Promise<void> {
    const count = Math.max(0, Math.ceil(bytes.byteLength / pieceBytes) - 1);
    await this.writeCut(
      bytes,
      Array.from({ length: count }, (_, index) => (index + 1) * pieceBytes),
    );
  }

  /** Writes bytes cut at these places, which go up. */
  async writeCut(bytes: Uint8Array, cuts: readonly number[]): Promise<void> {
    for (const [index, from] of [0, ...cuts].entries()) {
      if (this.socket.destroyed) return;
      this.socket.write(bytes.subarray(from, cuts[index]));
      if (cuts.length <= MAX_TURNS) await nextTurn();
    }
  }

  /** Ends with a reset. One that is ending in order already cannot be reset any more: Node would never tell of its end. */
  reset(): void {
    if (this.socket.writableEnded) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  private async readHead(): Promise<void> {
    let received = Buffer.alloc(0);
    while (!received.includes('\r\n\r\n')) {
      const [chunk] = (await Promise.race([once(this.socket, 'data'), this.closed.then(() => [null])])) as [
        Buffer | null,
      ];
      if (chunk === null) throw new Error(`The handshake ended early: ${received.toString('latin1')}`);
      received = Buffer.concat([received, chunk]);
    }
    const end = received.indexOf('\r\n\r\n') + 4;
    this.head = received.toString('latin1', 0, end);
    this.take(received.subarray(end));
    this.socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  private take(chunk: Buffer): void {
    try {
      for (const frame of this.reader.push(chunk)) this.takeFrame(frame);
    } catch (error) {
      this.offences.push(String(error));
      this.socket.destroy();
    }
  }

  private takeFrame({ opcode, isFinal, isCompressed, payload }: ReceivedFrame): void {
    switch (opcode) {
      case Opcode.close:
        this.close = payload.byteLength === 0 ? 'empty' : payload.readUInt16BE(0);
        this.closeReason = decode(payload.subarray(2));
        this.closeFrames.push(this.close);
        break;
      case Opcode.pong:
        this.pongs.push(payload.toString('latin1'));
        break;
      case Opcode.text:
      case Opcode.continuation:
        if ((opcode === Opcode.text) !== (this.parts.length === 0)) throw new Error('The server mixed two messages.');
        if (opcode === Opcode.text) this.isCompressed = isCompressed;
        else if (isCompressed) throw new Error('The server set RSV1 on a continuation.');
        this.parts.push(payload);
        if (isFinal) this.takeMessage(Buffer.concat(this.parts.splice(0)));
        break;
      case Opcode.binary:
        throw new Error('The server sent a binary message.');
    }
  }

  private takeMessage(payload: Buffer): void {
    const message = this.isCompressed ? this.inflate(payload) : payload;
    if (this.isCompressed && !this.head.includes('permessage-deflate')) throw new Error('Compression was not agreed.');
    this.compressed.push(this.isCompressed);
    this.texts.push(decode(message));
  }

  private inflate(payload: Buffer): Buffer {
    const { windowBits } = this;
    return inflateRawSync(Buffer.concat([payload, INFLATE_TAIL]), { windowBits, finishFlush: constants.Z_SYNC_FLUSH });
  }
}

/** @throws TypeError for bytes that are not UTF-8 */
function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}
