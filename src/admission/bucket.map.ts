import { monotonicNow, type Clock } from '../contracts/clock.js';
import { RateBuckets, type BucketAnswer, type BucketSize } from '../contracts/rate.buckets.js';

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Above this many the bucket that was used least recently makes room: whose it was gets a full one. */
const MAX_BUCKETS = 100_000;

/** Token buckets in this process, all of one size. One that is full again is forgotten. */
export class BucketMap extends RateBuckets {
  // Ordered by when they were last used.
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly clock: Clock) {
    super();
  }

  get size(): number {
    return this.buckets.size;
  }

  take(key: string, { perSecond, burst }: BucketSize): BucketAnswer {
    const now = monotonicNow(this.clock);
    this.forget(now - (burst * 1_000) / perSecond);
    const bucket = this.buckets.get(key) ?? { tokens: burst, filledAt: now };
    // A clock that was set back earns nothing. Rounded, or what adds up from thirds would fall short of one by a hair.
    const earned = (Math.max(0, now - bucket.filledAt) * perSecond) / 1_000;
    bucket.tokens = Math.min(burst, Math.round((bucket.tokens + earned) * 1e9) / 1e9);
    bucket.filledAt = now;
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (bucket.tokens < 1) {
      return { isTaken: false, retryAfterMs: Math.max(1, Math.ceil(((1 - bucket.tokens) * 1_000) / perSecond)) };
    }
    bucket.tokens--;
    return { isTaken: true, retryAfterMs: 0 };
  }

  drop(key: string): void {
    this.buckets.delete(key);
  }

  /** Forgets those that were last used before an instant: they are full by now. */
  private forget(instant: number): void {
    for (const [key, { filledAt }] of this.buckets) {
      if (filledAt > instant && this.buckets.size < MAX_BUCKETS) break;
      this.buckets.delete(key);
    }
  }
}
