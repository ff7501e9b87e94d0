import type { Clock } from '../../contracts/clock.js';
import type { Fields } from './attribute.values.js';
import { secondsOf, TTL_SLACK_MS } from './lifetime.js';
import type { ItemKey, TableRequests } from './table.requests.js';

/** An item that says where to find a connection. */
export interface Pointer extends ItemKey {
  /** When it was last claimed (epoch ms). */
  readonly at: number;
}

/**
 * The items by which the connections of a user and of a channel are found. A connection's record is the truth; a pointer says only where to
 * look, and readers ask the record. So one pointer too many is harmless, and none may ever be missing: it is claimed before the record
 * is written and retracted after the record has changed.
 *
 * Callers that come at once share a pointer, so it keeps the token of each claim. Who retracts takes away his own token, and the item only
 * when no other is in it.
 */
export class PointerItems {
  constructor(
    private readonly clock: Clock,
    private readonly lifetimeMs: number,
    private readonly graceMs: number,
  ) {}

  /** Makes the pointer stand, for as long as a record lives that is written now. */
  async claim(requests: TableRequests, key: ItemKey, token: string): Promise<void> {
    const now = this.clock.now();
    await requests.update(key, {
      update: 'SET #at = :now, #ttl = :ttl ADD #tokens :tokens',
      values: { now, ttl: secondsOf(now + this.lifetimeMs + TTL_SLACK_MS), tokens: new Set([token]) },
    });
  }

  /** Takes a claim back. Without one it changes nothing. */
  async retract(requests: TableRequests, key: ItemKey, token: string): Promise<void> {
    const isLast = 'contains(#tokens, :token) AND size(#tokens) = :one';
    if (await requests.delete(key, isLast, { values: { token, one: 1 } })) return;
    const values = { token, tokens: new Set([token]) };
    await requests.update(key, { update: 'DELETE #tokens :tokens', condition: 'contains(#tokens, :token)', values });
  }

  /** Whether nobody relies on a pointer whose record does not know of it. */
  isAbandoned({ at }: Pointer): boolean {
    return at <= this.clock.now() - this.graceMs;
  }

  /** Deletes a pointer, unless it was claimed since it was read. */
  async prune(requests: TableRequests, { pk, sk, at }: Pointer): Promise<void> {
    await requests.delete({ pk, sk }, '#at = :at', { values: { at } });
  }
}

export function readPointer(fields: Fields): Pointer {
  const { pk, sk, at } = fields as { readonly [Field in keyof Pointer]: Pointer[Field] };
  return { pk, sk, at };
}
