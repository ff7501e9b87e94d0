import { randomBytes } from 'node:crypto';

const BYTES = 9;

/** A word that nobody else makes up. */
export function newToken(): string {
  // Not of `crypto.getRandomValues`: a process would load Web Crypto for it.
  return randomBytes(BYTES).toString('base64url');
}
