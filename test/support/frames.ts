/** The opcodes of RFC 6455 section 11.8. */
export const Opcode = Object.freeze({ continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });

/** A frame from a client, told only what is different about it. */
export interface FrameParts {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  /** @default true */
  readonly isFinal?: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. @default 0 */
  readonly reserved?: number;
  /** `null` masks nothing. */
  readonly mask?: Uint8Array | null;
  /** In how many further bytes the length is written. @default as few as it takes */
  readonly lengthBytes?: 0 | 2 | 8;
  /** The length that the header claims. @default that of the payload */
  readonly claims?: number | bigint;
}

const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** The bytes of a frame, legal or not (RFC 6455 section 5.2). */
export function frame(parts: FrameParts): Buffer {
  const { opcode, isFinal = true, reserved = 0, mask = MASK } = parts;
  const payload = Buffer.from(parts.payload ?? '');
  const length = BigInt(parts.claims ?? payload.byteLength);
  const lengthBytes = parts.lengthBytes ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  const more = Buffer.alloc(lengthBytes);
  if (lengthBytes === 2) more.writeUInt16BE(Number(length));
  if (lengthBytes === 8) more.writeBigUInt64BE(length);
  const short = lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127;
  const head = Buffer.of((isFinal ? 0x80 : 0) | (reserved << 4) | opcode, (mask === null ? 0 : 0x80) | short);
  if (mask === null) return Buffer.concat([head, more, payload]);
  return Buffer.concat([head, more, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)]);
}

type Payload = string | Uint8Array;

export const text = (payload: Payload = '', isFinal = true): Buffer => frame({ opcode: Opcode.text, payload, isFinal });
export const binary = (payload: Payload = '', isFinal = true): Buffer =>
  frame({ opcode: Opcode.binary, payload, isFinal });
/** A fragment after the first. */
export const more = (payload: Payload = '', isFinal = false): Buffer =>
  frame({ opcode: Opcode.continuation, payload, isFinal });
/** The last fragment. */
export const last = (payload: Payload = ''): Buffer => more(payload, true);
export const ping = (payload: Payload = ''): Buffer => frame({ opcode: Opcode.ping, payload });
export const pong = (payload: Payload = ''): Buffer => frame({ opcode: Opcode.pong, payload });

/** A close frame; without a code it is empty. */
export function close(code?: number, reason: Payload = ''): Buffer {
  return frame({ opcode: Opcode.close, payload: code === undefined ? '' : closePayload(code, reason) });
}

export function closePayload(code: number, reason: Payload = ''): Buffer {
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
}

/** The fragments of one message, cut at these places. */
export function fragments(payload: Uint8Array, cuts: readonly number[], opcode: number = Opcode.text): Buffer[] {
  return [0, ...cuts].map((from, index) =>
    frame({
      opcode: index === 0 ? opcode : Opcode.continuation,
      payload: payload.subarray(from, cuts[index] ?? payload.byteLength),
      isFinal: index === cuts.length,
    }),
  );
}

/** A frame of a server. */
export interface ReceivedFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  readonly payload: Buffer;
}

const KNOWN_OPCODES = new Set<number>(Object.values(Opcode));

/** Reads a server's frames, and throws at anything that a server must not send (RFC 6455 section 5). */
export class FrameReader {
  private unread = Buffer.alloc(0);
  private hasClosed = false;

  /** The frames that these bytes complete. */
  push(chunk: Uint8Array): ReceivedFrame[] {
    this.unread = Buffer.concat([this.unread, chunk]);
    const frames: ReceivedFrame[] = [];
    for (let next = this.take(); next !== null; next = this.take()) frames.push(next);
    return frames;
  }

  /** How many bytes of a frame are there whose end is not. */
  get unfinishedBytes(): number {
    return this.unread.byteLength;
  }

  private take(): ReceivedFrame | null {
    const { unread } = this;
    if (unread.byteLength < 2) return null;
    const [first, second] = [unread[0]!, unread[1]!];
    const lengthBytes = second === 127 ? 8 : second === 126 ? 2 : 0;
    if (unread.byteLength < 2 + lengthBytes) return null;
    // Of eight bytes the last six: a server's messages are smaller than 2^48.
    const length = lengthBytes === 0 ? second : unread.readUIntBE(lengthBytes === 8 ? 4 : 2, lengthBytes === 8 ? 6 : 2);
    const end = 2 + lengthBytes + length;
    const opcode = first & 0x0f;
    if (this.hasClosed) throw new Error('The server sent something after its close frame.');
    if ((second & 0x80) !== 0) throw new Error('The server masked a frame.');
    if ((first & 0x30) !== 0) throw new Error('The server set a reserved bit.');
    if (!KNOWN_OPCODES.has(opcode)) throw new Error(`The server sent the opcode ${opcode}.`);
    if (lengthBytes === 2 && length < 126) throw new Error('The server wrote a short length in two bytes.');
    if (lengthBytes === 8 && length < 65_536) throw new Error('The server wrote a short length in eight bytes.');
    if (opcode >= Opcode.close && (first & 0xc0) !== 0x80)
      throw new Error('The server cut or compressed a control frame.');
    if (opcode >= Opcode.close && length > 125) throw new Error('The server sent too large a control frame.');
    if (unread.byteLength < end) return null;
    this.unread = unread.subarray(end);
    this.hasClosed = opcode === Opcode.close;
    const payload = Buffer.from(unread.subarray(2 + lengthBytes, end));
    return { opcode, isFinal: (first & 0x80) !== 0, isCompressed: (first & 0x40) !== 0, payload };
  }
}
