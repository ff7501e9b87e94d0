import { randomBytes } from 'node:crypto';

const BYTES = 9;

/** A word that nobody else makes up, in characters that need no escape anywhere: four for every three bytes of chance. */
export function randomToken(bytes = BYTES): string {
  // Not of the global `crypto`, here and elsewhere: Node loads Web Crypto for it, which a start on Lambda would wait for.
  return randomBytes(bytes).toString('base64url');
}
