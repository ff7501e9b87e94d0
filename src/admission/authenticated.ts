import type { WebSocketAuthorizer } from '../protocol/events.js';
import { normalizeUserId } from '../protocol/name.js';

/** Who a client is, checked and in the form in which API Gateway would hand it on. */
export interface Authenticated {
  readonly userId: string | null;
  /** Epoch ms, `null` for never. */
  readonly expiresAt: number | null;
  readonly authorizer: WebSocketAuthorizer;
}

/** What the hook returned cannot be used. Nobody catches it but the one who asked the hook. */
export class InvalidAuthenticationError extends TypeError {}

/** The largest result of an authorizer that API Gateway takes, in bytes (AWS: "Quotas for configuring and running a WebSocket API"). */
const MAX_CONTEXT_BYTES = 8_192;

/**
 * Reads what the hook returned; `null` for nobody.
 *
 * @throws InvalidAuthenticationError saying what is wrong with it, without repeating any of it
 */
export function readAuthentication(result: unknown): Authenticated | null {
  if (result === null || result === undefined) return null;
  if (typeof result !== 'object' || Array.isArray(result)) throw rubbish('an object or null', typeof result);
  // Its own properties alone: what it inherits, nobody has said.
  const given = new Map(Object.entries(result).filter(([, value]) => value !== undefined && value !== null));
  const context = new Map([...given].map(([key, value]) => [key, textOf(key, value)]));
  const userId = given.has('userId') ? normalizeUserId(given.get('userId')) : null;
  if (given.has('userId') && userId === null)
    throw rubbish('a userId of 1 to 256 characters', typeof given.get('userId'));
  if (userId !== null && !context.has('principalId')) context.set('principalId', userId);
  // Own properties, even one that is called `__proto__`.
  const authorizer = Object.fromEntries(context);
  if (Buffer.byteLength(JSON.stringify(authorizer)) > MAX_CONTEXT_BYTES) {
    throw rubbish(`at most ${MAX_CONTEXT_BYTES} bytes of JSON`, 'more');
  }
  return { userId, expiresAt: expiryOf(given.get('expiresAt')), authorizer };
}

function textOf(key: string, value: unknown): string {
  if (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    typeof value === 'number' ||
    typeof value === 'bigint'
  ) {
    return String(value);
  }
  throw rubbish(`primitive values, as at API Gateway, but not all are: ${key.slice(0, 40)}`, typeof value);
}

function expiryOf(expiresAt: unknown): number | null {
  if (expiresAt === undefined) return null;
  if (typeof expiresAt === 'number' && Number.isFinite(expiresAt)) return expiresAt;
  throw rubbish('an expiresAt in milliseconds since the Unix epoch', typeof expiresAt);
}

function rubbish(expected: string, got: string): InvalidAuthenticationError {
  return new InvalidAuthenticationError(`Expected "admission.authenticate" to resolve to ${expected}, got ${got}.`);
}
