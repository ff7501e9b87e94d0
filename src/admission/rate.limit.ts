import { monotonicNow, type Clock } from '../contracts/clock.js';
import type { BucketSize, RateBuckets } from '../contracts/rate.buckets.js';
import type { Log } from '../logging/log.js';
import { BucketMap } from './bucket.map.js';
import { Refusal } from './refusal.js';

/** How often an outage is told of. */
const TELL_EVERY_MS = 60_000;

/**
 * A rate that nobody may exceed, counted in the store for all processes together. While the store is away each process counts for itself: the rate holds
 * for each then, and clients are neither shut out nor let in without one.
 */
export class RateLimit {
  private readonly own: BucketMap;
  private toldAt = -Infinity;

  /** @param shared `null` where processes share nothing */
  constructor(
    private readonly size: BucketSize,
    private readonly shared: () => RateBuckets | null,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.own = new BucketMap(clock);
  }

  /** Counts in this process alone. */
  takeHere(key: string): Refusal | null {
    const { isTaken, retryAfterMs } = this.own.take(key, this.size);
    return isTaken ? null : new Refusal(429, retryAfterMs);
  }

  async take(key: string): Promise<Refusal | null> {
    const shared = this.shared();
    if (shared === null) return this.takeHere(key);
    try {
      const { isTaken, retryAfterMs } = await shared.take(key, this.size);
      return isTaken ? null : new Refusal(429, retryAfterMs);
    } catch {
      this.tellOfOutage();
      return this.takeHere(key);
    }
  }

  drop(key: string): void {
    this.own.drop(key);
  }

  private tellOfOutage(): void {
    const now = monotonicNow(this.clock);
    if (now - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = now;
    this.log.warn('admission.rate-failed', 'Rates are counted by each process for itself: the store failed.');
  }
}
