import { randomBytes } from 'node:crypto';

/** An id in the shape of API Gateway's connection, request and message ids: 15 base64 characters and `=`. */
export function createId(): string {
  return randomBytes(11).toString('base64');
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
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')}`;
}
