import { randomBytes } from 'node:crypto';

/** How long the number of a channel's last message is remembered after the message itself was forgotten. */
export const STREAM_MEMORY_MS = 86_400_000;

/** A name for a stream that begins, which no other has had: 16 characters of `A-Za-z0-9_-`. */
export function newEpoch(): string {
  return randomBytes(12).toString('base64url');
}

/** Whether a message may have had this number, or 0. A client says it. */
export function isOffset(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0;
}
