import { Buffer } from 'node:buffer';

const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** A client's text frame of less than 64 KB. */
export function frameOf(text) {
  const payload = Buffer.from(text);
  const length = payload.length < 126 ? [0x80 | payload.length] : [0xfe, payload.length >> 8, payload.length & 0xff];
  const head = Buffer.from([0x81, ...length, ...MASK]);
  return Buffer.concat([head, payload.map((byte, index) => byte ^ MASK[index % 4])]);
}
