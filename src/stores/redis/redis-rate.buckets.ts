import type { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RateBuckets, type BucketAnswer, type BucketSize } from '../../contracts/rate.buckets.js';
import { encodeName } from '../encoded-name.js';
import type { RunScript } from './redis-broadcast.ledger.js';
import { RedisScript } from './redis.script.js';
import { PRELUDE } from './script.prelude.js';

/**
 * The limiter counts in windows of fixed length, in which a client may use up two of them within a moment. This keeps a bucket in their place: the time,
 * in microseconds by the clock of Redis, at which everything that was taken will have been earned.
 *
 * Arguments: key, tokens a second, size of the bucket. Returns how many tokens are out, one more than there are when none was left, and in how many
 * milliseconds there is one.
 */
const take = new RedisScript(
  'count a rate',
  `${PRELUDE}
  local bucket, perSecond, burst = prefix .. 'rate:' .. ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
  local each = 1000000 / perSecond
  local at = seconds * 1000000 + microseconds
  local earned = math.max(at, tonumber(redis.call('GET', bucket) or 0))
  if earned > at + each * burst + 1 then earned = at end
  local out = (earned - at) / each + 1
  if out > burst + 0.000001 then return {burst + 1, math.ceil((out - burst) * each / 1000)} end
  local lifetime = math.ceil((earned + each - at) / 1000) + 1000
  redis.call('SET', bucket, string.format('%.0f', earned + each), 'PX', string.format('%.0f', lifetime))
  return {math.ceil(out - 0.000001), 0}`,
  true,
);

/** Token buckets in Redis, for all processes that share it. A key that is over its rate is refused here until it may be asked for again. */
export class RedisRateBuckets extends RateBuckets {
  private readonly limiters = new Map<string, Promise<RateLimiterRedis>>();

  constructor(private readonly run: RunScript) {
    super();
  }

  async take(key: string, size: BucketSize): Promise<BucketAnswer> {
    const name = `${size.perSecond}/${size.burst}`;
    let limiter = this.limiters.get(name);
    if (limiter === undefined) this.limiters.set(name, (limiter = this.open(size)));
    try {
      await (await limiter).consume(encodeName(key));
      return { isTaken: true, retryAfterMs: 0 };
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal;
      return { isTaken: false, retryAfterMs: Math.max(1, refusal.msBeforeNext) };
    }
  }

  private async open({ perSecond, burst }: BucketSize): Promise<RateLimiterRedis> {
    const { RateLimiterRedis } = await import('rate-limiter-flexible');
    return new RateLimiterRedis({
      // By the scripts of the store, so that its time limit, its reconnection and its key prefix hold here, too.
      storeClient: {
        eval: (_source: string, { keys: [key = ''] }: { keys: string[] }) =>
          this.run(take, key, String(perSecond), String(burst)),
      },
      useRedisPackage: true,
      keyPrefix: '',
      points: burst,
      duration: Math.max(1, Math.ceil(burst / perSecond)),
      inMemoryBlockOnConsumed: burst + 1,
    });
  }
}

/** Whether the limiter said no, and not that it failed. */
function isRefusal(thrown: unknown): thrown is RateLimiterRes {
  return !(thrown instanceof Error) && typeof (thrown as Partial<RateLimiterRes> | null)?.msBeforeNext === 'number';
}
