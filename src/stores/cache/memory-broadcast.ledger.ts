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

interface Lease {
  readonly token: string;
  readonly until: number;
}

interface Entry {
  readonly since: number;
  isOpen: boolean;
  totals: { readonly recipients: number | null; readonly shards: number | null };
  /** Who has which shard. */
  readonly leases: Map<number, Lease>;
  /** The tokens by which shards were settled. */
  readonly settled: Map<number, string>;
  counts: ShardCounts;
}

const NOTHING: ShardCounts = Object.freeze({ delivered: 0, gone: 0, throttled: 0, failed: 0 });

/** The broadcasts of one process, whose workers are all in it. */
export class MemoryBroadcastLedger extends BroadcastLedger {
  // Ordered by since: what has expired is always in front.
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly clock: Clock) {
    super();
  }

  async open(broadcastId: string): Promise<void> {
    this.entry(broadcastId).isOpen = true;
  }

  async seal(broadcastId: string, recipients: number, shards: number): Promise<void> {
    this.entry(broadcastId).totals = { recipients, shards };
  }

  async claim({ broadcastId, shard, token }: ShardClaim, leaseMs: number): Promise<ClaimResult> {
    const { leases, settled } = this.entry(broadcastId);
    if (settled.has(shard)) return 'settled';
    const lease = leases.get(shard);
    const now = this.clock.now();
    if (lease !== undefined && lease.token !== token && lease.until > now) return 'held';
    leases.set(shard, { token, until: now + leaseMs });
    return 'claimed';
  }

  async release({ broadcastId, shard, token }: ShardClaim): Promise<void> {
    const { leases } = this.entry(broadcastId);
    if (leases.get(shard)?.token === token) leases.delete(shard);
  }

  async settle({ broadcastId, shard, token }: ShardClaim, counts: ShardCounts): Promise<boolean> {
    const entry = this.entry(broadcastId);
    const settledBy = entry.settled.get(shard);
    if (settledBy !== undefined) return settledBy === token;
    entry.settled.set(shard, token);
    entry.leases.delete(shard);
    entry.counts = sumOf(entry.counts, counts);
    return true;
  }

  async report(broadcastId: string): Promise<BroadcastReport | null> {
    this.expire();
    const entry = this.entries.get(broadcastId);
    if (entry === undefined || !entry.isOpen) return null;
    return reportOf(broadcastId, entry.totals, entry.settled.size, entry.counts);
  }

  private entry(broadcastId: string): Entry {
    this.expire();
    let entry = this.entries.get(broadcastId);
    if (entry === undefined) {
      entry = {
        since: this.clock.now(),
        isOpen: false,
        totals: { recipients: null, shards: null },
        leases: new Map(),
        settled: new Map(),
        counts: NOTHING,
      };
      this.entries.set(broadcastId, entry);
    }
    return entry;
  }

  private expire(): void {
    const expired = this.clock.now() - BROADCAST_LIFETIME_MS;
    for (const [broadcastId, { since }] of this.entries) {
      if (since > expired) break;
      this.entries.delete(broadcastId);
    }
  }
}

function sumOf(one: ShardCounts, other: ShardCounts): ShardCounts {
  return {
    delivered: one.delivered + other.delivered,
    gone: one.gone + other.gone,
    throttled: one.throttled + other.throttled,
    failed: one.failed + other.failed,
  };
}
