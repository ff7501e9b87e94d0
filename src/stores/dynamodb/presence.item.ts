import type { Clock } from '../../contracts/clock.js';
import type { Fields } from './attribute.values.js';
import { GRACE_MS, secondsOf, TTL_SLACK_MS } from './lifetime.js';
import type { ItemKey, TableRequests } from './table.requests.js';

/**
 * How long an item of a member stands whom nobody sees come, go or be there. Whether a connection lives its record says; so this only has to
 * be longer than connections live, which those of a server of one's own may do for weeks.
 */
const LIFETIME_MS = 30 * 86_400_000;

/** Someone in a channel as they stand in the table. */
export interface PresenceItem extends ItemKey {
  readonly info: string;
  /** Those of their connections that entered and did not exit, each with the token of its entry. */
  readonly connections: ReadonlyMap<string, string>;
  /** Which call has changed it last. */
  readonly version: string;
  /** Since when a reader knows that none of the connections is in the channel (epoch ms). */
  readonly deadSince?: number;
  readonly ttl: number;
}

export function readPresence(fields: Fields): PresenceItem {
  return fields as Fields & PresenceItem;
}

/** Writes the items of members: those writes that hold whatever else has happened only while an item is as it was read. */
export class PresenceItems {
  constructor(
    private readonly clock: Clock,
    private readonly lifetimeMs: number,
  ) {}

  /** Until when an item stands that is written now (epoch seconds). */
  get ttl(): number {
    return secondsOf(this.clock.now() + Math.max(this.lifetimeMs + TTL_SLACK_MS, LIFETIME_MS));
  }

  /** Whether it is time to postpone the end of an item that is still needed. */
  isAgeing({ ttl }: PresenceItem): boolean {
    return ttl < secondsOf(this.clock.now() + Math.max(this.lifetimeMs + TTL_SLACK_MS, LIFETIME_MS) / 2);
  }

  /** Writes an item in the place of the one that was read, if that is still there. */
  replace(
    requests: TableRequests,
    key: ItemKey,
    before: PresenceItem | undefined,
    fields: Pick<PresenceItem, 'info' | 'connections' | 'version'>,
  ): Promise<boolean> {
    const item = { pk: key.pk, sk: key.sk, ...fields, ttl: this.ttl };
    if (before === undefined) return requests.put(item, 'attribute_not_exists(#pk)', {});
    return requests.put(item, '#version = :before', { values: { before: before.version } });
  }

  /**
   * Empties an item, if nobody has changed it since that version. It stands empty until it is {@link bury buried}, so that a caller whose
   * answer was lost finds his own version there.
   */
  empty(requests: TableRequests, key: ItemKey, before: string, version: string): Promise<boolean> {
    const ttl = secondsOf(this.clock.now() + GRACE_MS);
    const item = { pk: key.pk, sk: key.sk, info: '', connections: new Map<string, string>(), version, ttl };
    return requests.put(item, '#version = :before', { values: { before } });
  }

  /** Deletes an item, if nobody has changed it since that version. */
  async bury(requests: TableRequests, { pk, sk }: ItemKey, version: string): Promise<void> {
    await requests.delete({ pk, sk }, '#version = :version', { values: { version } });
  }

  /** Postpones the end of an item. */
  async refresh(requests: TableRequests, { pk, sk, version }: PresenceItem): Promise<void> {
    const values = { version, ttl: this.ttl };
    await requests.update({ pk, sk }, { update: 'SET #ttl = :ttl', condition: '#version = :version', values });
  }

  /**
   * Deletes an item none of whose connections is in the channel, a while after that was seen first: somebody may be about to tell that the
   * member has gone, and must find them.
   */
  async prune(requests: TableRequests, { pk, sk, version, deadSince }: PresenceItem): Promise<void> {
    const now = this.clock.now();
    if (deadSince === undefined) {
      const values = { version, now };
      await requests.update(
        { pk, sk },
        {
          update: 'SET #deadSince = :now',
          condition: '#version = :version AND attribute_not_exists(#deadSince)',
          values,
        },
      );
    } else if (deadSince <= now - GRACE_MS) {
      await this.bury(requests, { pk, sk }, version);
    }
  }
}
