/** What became of one try to take a token. */
export interface BucketAnswer {
  readonly isTaken: boolean;
  /** In how many milliseconds there will be a token; 0 when one was taken. */
  readonly retryAfterMs: number;
}

/** A bucket that earns `perSecond` tokens a second, holds `burst` of them, and is full at first. */
export interface BucketSize {
  readonly perSecond: number;
  readonly burst: number;
}

/** Token buckets, one for each key. */
export abstract class RateBuckets {
  /**
   * Takes a token out of the bucket of `key`.
   *
   * @throws StoreUnavailableError
   */
  abstract take(key: string, size: BucketSize): BucketAnswer | Promise<BucketAnswer>;
}
