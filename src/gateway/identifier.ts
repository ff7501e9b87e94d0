import { randomFillSync } from 'node:crypto';

const ID_BYTES = 11;
const TRACE_BYTES = 12;

// A request to the random generator costs more than what it gives: hundreds of ids are asked for at once.
const supply = Buffer.alloc(8_192);
let taken = supply.byteLength;

function random(byteLength: number, encoding: 'base64' | 'hex'): string {
  if (taken + byteLength > supply.byteLength) {
    randomFillSync(supply);
    taken = 0;
  }
  return supply.toString(encoding, taken, (taken += byteLength));
}

/** An id in the shape of API Gateway's connection, request and message ids: 15 base64 characters and `=`. */
export function createId(): string {
  return random(ID_BYTES, 'base64');
}

/** Whether `text` has the shape of a connection id; API Gateway answers 400 for one that has not. */
export function isWellFormedId(text: string): boolean {
  return /^[A-Za-z0-9+/_-]{1,126}={0,2}$/.test(text);
}

/** An X-Ray trace header's root, as API Gateway adds it to a request. */
export function createTraceId(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${random(TRACE_BYTES, 'hex')}`;
}
