import { InvalidOptionsError } from '../errors/invalid-options.error.js';

/**
 * Checks what a close frame is to carry. An application may send 1000 and 3000 to 4999 (RFC 6455 section 7.4), and a reason that leaves
 * the control frame within 125 bytes (section 5.5).
 *
 * @throws InvalidOptionsError
 */
export function requireCloseOptions({ code, reason }: { readonly code?: number; readonly reason?: string }): void {
  const isAllowed = code === undefined || (Number.isInteger(code) && (code === 1000 || (code >= 3000 && code <= 4999)));
  if (!isAllowed)
    throw new InvalidOptionsError(
      'code',
      `Expected "code" to be 1000 or from 3000 to 4999, got ${String(code)} (${typeof code}).`,
    );
  const isShort =
    reason === undefined || (typeof reason === 'string' && new TextEncoder().encode(reason).byteLength <= 123);
  if (!isShort)
    throw new InvalidOptionsError('reason', 'Expected "reason" to be a string of at most 123 bytes of UTF-8.');
}
