import type { Clock } from '../contracts/clock.js';

/** What the stores do unless they are told otherwise. */
export const STORE_DEFAULTS = Object.freeze({
  keyPrefix: 'websocket:',
  expireAfterSeconds: 90_000,
  timeoutMs: 3_000,
});

/** What every store takes. */
export interface ConnectionStoreOptions {
  /** What every key starts with. Applications that share a store need different ones. @default 'websocket:' */
  readonly keyPrefix?: string;
  /** When a record that nothing has touched disappears by itself. @default 90_000 (25 hours) */
  readonly expireAfterSeconds?: number;
  /** How long the store may take to answer, in milliseconds, before it counts as down. @default 3_000 */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}
