import {
  BROADCAST_LIFETIME_MS,
  BroadcastLedger,
  reportOf,
  type BroadcastReport,
  type ClaimResult,
  type ShardClaim,
  type ShardCounts,
} from '../../contracts/broadcast.ledger.js';
import type { Clock } from '../../contracts/clock.js';
import type { Fields } from './attribute.values.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { secondsOf } from './lifetime.js';
import { PartitionCursor } from './partition.cursor.js';
import type { TableKeys } from './table.keys.js';
import type { ItemKey, TableRequests } from './table.requests.js';

/**
 * So many shards share an item, which stays below 1 KB, hence one write unit a write. The totals of its shards are in the same item, so one
 * conditional write settles a shard and counts it; and a report reads a twentieth of the items that it would read with one for each shard.
 */
const SHARDS_PER_ITEM = 20;

/** Starts the value of a shard that is worked off; that of one that somebody has starts with the time until which it is (epoch ms). */
const SETTLED = '+';

/** Holds for a shard that nobody has: it is new, its lease has run out, or it was given back. `+` sorts before every digit. */
const FREE = 'attribute_not_exists(#shard) OR (#shard < :afterNow AND NOT begins_with(#shard, :settled))';

/** Broadcasts in the table of a store: an item for what is known of each in the end, and one for each twenty of its shards. */
export class DynamoDbBroadcastLedger extends BroadcastLedger {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly clock: Clock,
  ) {
    super();
  }

  async open(broadcastId: string): Promise<void> {
    await this.change('open a broadcast', this.headerOf(broadcastId), '#at = :now', { now: this.clock.now() });
  }

  async seal(broadcastId: string, recipients: number, shards: number): Promise<void> {
    const update = '#recipients = :recipients, #shards = :shards';
    await this.change('seal a broadcast', this.headerOf(broadcastId), update, { recipients, shards });
  }

  claim(claim: ShardClaim, leaseMs: number): Promise<ClaimResult> {
    const { token } = claim;
    return this.table.run<ClaimResult>('claim a shard of a broadcast', async (requests) => {
      for (;;) {
        const now = this.clock.now();
        const isOwn = 'contains(#shard, :token) AND NOT begins_with(#shard, :settled)';
        const isClaimed = await requests.update(this.itemOf(claim), {
          update: 'SET #shard = :lease, #ttl = :ttl',
          condition: `${FREE} OR (${isOwn})`,
          names: { shard: nameOf(claim) },
          values: {
            lease: `${now + leaseMs}.${token}`,
            afterNow: String(now + 1),
            settled: SETTLED,
            token,
            ttl: this.ttl,
          },
        });
        if (isClaimed !== null) return 'claimed';
        const value = await this.read(requests, claim);
        if (value?.startsWith(SETTLED) === true) return 'settled';
        // Given back, or run out, since it was refused.
        if (value !== undefined && untilOf(value) > this.clock.now()) return 'held';
      }
    });
  }

  async release(claim: ShardClaim): Promise<void> {
    await this.table.run('release a shard of a broadcast', async (requests) => {
      await requests.update(this.itemOf(claim), {
        update: 'REMOVE #shard',
        condition: 'contains(#shard, :token) AND NOT begins_with(#shard, :settled)',
        names: { shard: nameOf(claim) },
        values: { token: claim.token, settled: SETTLED },
      });
    });
  }

  settle(claim: ShardClaim, { delivered, gone, throttled, failed }: ShardCounts): Promise<boolean> {
    const value = `${SETTLED}${claim.token}`;
    return this.table.run('settle a shard of a broadcast', async (requests) => {
      const before = await requests.update(this.itemOf(claim), {
        update:
          'SET #shard = :value, #ttl = :ttl ' +
          'ADD #done :one, #delivered :delivered, #gone :gone, #throttled :throttled, #failed :failed',
        condition: 'attribute_not_exists(#shard) OR NOT begins_with(#shard, :settled)',
        names: { shard: nameOf(claim) },
        values: { value, settled: SETTLED, one: 1, delivered, gone, throttled, failed, ttl: this.ttl },
      });
      // Refused, maybe by its own first attempt, whose answer was lost.
      return before !== null || (await this.read(requests, claim)) === value;
    });
  }

  report(broadcastId: string): Promise<BroadcastReport | null> {
    return this.table.run('read the report of a broadcast', async (requests) => {
      const totals = { recipients: null as number | null, shards: null as number | null };
      const counts = { done: 0, delivered: 0, gone: 0, throttled: 0, failed: 0 };
      let openedAt: number | null = null;
      const query = {
        projection: '#at, #recipients, #shards, #done, #delivered, #gone, #throttled, #failed',
      };
      const cursor = new PartitionCursor([this.keys.broadcast(broadcastId)], query);
      while (!cursor.isDone) {
        for (const item of (await cursor.next(requests)).items) {
          openedAt ??= numberOf(item, 'at');
          totals.recipients ??= numberOf(item, 'recipients');
          totals.shards ??= numberOf(item, 'shards');
          for (const name of ['done', 'delivered', 'gone', 'throttled', 'failed'] as const) {
            counts[name] += numberOf(item, name) ?? 0;
          }
        }
      }
      if (openedAt === null || openedAt + BROADCAST_LIFETIME_MS <= this.clock.now()) return null;
      return reportOf(broadcastId, totals, counts.done, counts);
    });
  }

  private async change(operation: string, key: ItemKey, sets: string, values: Fields): Promise<void> {
    await this.table.run(operation, async (requests) => {
      await requests.update(key, { update: `SET ${sets}, #ttl = :ttl`, values: { ...values, ttl: this.ttl } });
    });
  }

  private async read(requests: TableRequests, claim: ShardClaim): Promise<string | undefined> {
    const value = (await requests.get(this.itemOf(claim)))?.[nameOf(claim)];
    return typeof value === 'string' ? value : undefined;
  }

  private headerOf(broadcastId: string): ItemKey {
    return { pk: this.keys.broadcast(broadcastId), sk: 'broadcast' };
  }

  private itemOf({ broadcastId, shard }: ShardClaim): ItemKey {
    return { pk: this.keys.broadcast(broadcastId), sk: `shards:${Math.floor(shard / SHARDS_PER_ITEM)}` };
  }

  private get ttl(): number {
    return secondsOf(this.clock.now() + BROADCAST_LIFETIME_MS);
  }
}

/** The attribute of a shard in its item. */
function nameOf({ shard }: ShardClaim): string {
  return `shard${shard % SHARDS_PER_ITEM}`;
}

function untilOf(value: string): number {
  return Number.parseInt(value, 10);
}

function numberOf(item: Fields, name: string): number | null {
  const value = item[name];
  return typeof value === 'number' ? value : null;
}
