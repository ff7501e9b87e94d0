/** The first byte of a frame (RFC 6455 section 5.2) that holds a whole text message: FIN and opcode 1. */
const WHOLE_TEXT = 0x81;

/** RSV1: the message is compressed (RFC 7692 section 6). */
const COMPRESSED = 0x40;

/** Lengths up to this are in the second byte itself; up to 16 bits in two more, and above in eight more. */
const MAX_SHORT_LENGTH = 125;
const MAX_16_BITS = 0xffff;

/** The frame of one text message from a server, header and payload in one buffer. Servers mask nothing (RFC 6455 section 5.1). */
export function textFrame(payload: Uint8Array, isCompressed = false): Buffer {
  const length = payload.byteLength;
  const headerBytes = length <= MAX_SHORT_LENGTH ? 2 : length <= MAX_16_BITS ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = isCompressed ? WHOLE_TEXT | COMPRESSED : WHOLE_TEXT;
  if (headerBytes === 2) frame[1] = length;
  else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    // No payload has more than 48 bits: Node's buffers end long before.
    frame.writeUInt16BE(0, 2);
    frame.writeUIntBE(length, 4, 6);
  }
  frame.set(payload, headerBytes);
  return frame;
}
