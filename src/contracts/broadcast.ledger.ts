/** What became of the recipients of one shard. */
export interface ShardCounts {
  readonly delivered: number;
  readonly gone: number;
  readonly throttled: number;
  readonly failed: number;
}

/** How far a broadcast is that was handed over to workers, all of them together. */
export interface BroadcastReport extends ShardCounts {
  readonly broadcastId: string;
  /** How many recipients were handed over; `null` until all of them are in the queue. */
  readonly recipients: number | null;
  /** In how many shards; `null` until all of them are in the queue. */
  readonly shards: number | null;
  /** Shards that are worked off. */
  readonly shardsDone: number;
  /** Every shard is worked off. */
  readonly isComplete: boolean;
}

/** A shard in the hands of one worker. */
export interface ShardClaim {
  readonly broadcastId: string;
  /** The how-manieth shard of the broadcast it is, from 0. */
  readonly shard: number;
  /** Made up by the worker: tells its claim from those of others, and its second try from its first. */
  readonly token: string;
}

/** What became of a claim. `held`: another worker has the shard; `settled`: it is worked off. */
export type ClaimResult = 'claimed' | 'held' | 'settled';

/** For how long a broadcast is remembered: a day. */
export const BROADCAST_LIFETIME_MS = 86_400_000;

/**
 * What the workers of a broadcast agree on: who works on which shard, which shards are worked off, and what became of their recipients.
 *
 * Each operation is one atomic step however many workers run it at once, may be repeated when its answer got lost, and rejects with
 * `StoreUnavailableError` when the store cannot answer. A day after it was opened a broadcast is forgotten.
 */
export abstract class BroadcastLedger {
  /** Begins a broadcast. */
  abstract open(broadcastId: string): Promise<void>;

  /** Tells how many shards and recipients the broadcast has in the end; by now some may be worked off. */
  abstract seal(broadcastId: string, recipients: number, shards: number): Promise<void>;

  /**
   * Takes a shard for `leaseMs`, or takes it for longer where it is this claim's already. Of workers that race exactly one gets it; once its lease
   * has run out any other may. A shard that is worked off is nobody's any more. Needs no `open`: the message of a shard may be ahead of it.
   */
  abstract claim(claim: ShardClaim, leaseMs: number): Promise<ClaimResult>;

  /** Gives a shard back before its lease runs out; changes nothing when it is not this claim's. */
  abstract release(claim: ShardClaim): Promise<void>;

  /**
   * Marks a shard as worked off and adds its counts to the report. Resolves whether they are in it by this claim: of two workers that both did the
   * shard, because one was slower than its lease, only the first is counted.
   */
  abstract settle(claim: ShardClaim, counts: ShardCounts): Promise<boolean>;

  /** How far the broadcast is; `null` for one that was not opened, or was forgotten. */
  abstract report(broadcastId: string): Promise<BroadcastReport | null>;
}

/** What a ledger knows of a broadcast as a report. */
export function reportOf(
  broadcastId: string,
  totals: { readonly recipients: number | null; readonly shards: number | null },
  shardsDone: number,
  { delivered, gone, throttled, failed }: ShardCounts,
): BroadcastReport {
  const { recipients, shards } = totals;
  const isComplete = shards !== null && shardsDone >= shards;
  return { broadcastId, recipients, shards, shardsDone, delivered, gone, throttled, failed, isComplete };
}
