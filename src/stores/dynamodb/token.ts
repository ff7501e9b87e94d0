const BYTES = 9;

/** A word that nobody else makes up. */
export function newToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString('base64url');
}
