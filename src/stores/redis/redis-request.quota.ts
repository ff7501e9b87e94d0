import { RequestQuota, type Reservation } from '../../contracts/request.budget.js';
import { RedisScript } from './redis.script.js';
import type { RunScript } from './redis-broadcast.ledger.js';
import { PRELUDE } from './script.prelude.js';

/** How many milliseconds' worth of requests a budget that was not used for a while gives at once. */
export const QUOTA_BURST_MS = 100;

/** How far ahead requests are given away. Who asks when all that is gone is told to come again. */
export const QUOTA_HORIZON_MS = 1_000;

/**
 * The key holds the time, in microseconds by the clock of Redis, at which everything that was given away will have been earned. A time that is further
 * ahead than requests are given away can only come from a clock that was set back, and counts for nothing.
 *
 * Arguments: how many requests, how many a second. Returns how many were granted, and after how many microseconds they may be made.
 */
const reserve = new RedisScript(
  'share the request budget',
  `${PRELUDE}
  local count, perSecond = tonumber(ARGV[4]), tonumber(ARGV[5])
  local each = 1000000 / perSecond
  local time = seconds * 1000000 + microseconds
  local burst = math.max(${QUOTA_BURST_MS * 1_000}, each)
  local horizon = math.max(${QUOTA_HORIZON_MS * 1_000}, each)
  local earned = tonumber(redis.call('GET', prefix .. 'budget') or 0)
  if earned > time + horizon + 1 or earned < time then earned = time end
  local granted = math.min(count, math.floor((time + horizon - earned) / each + 0.000001))
  if granted < 1 then return {0, string.format('%.0f', math.ceil(earned + each - time - horizon))} end
  earned = earned + granted * each
  redis.call('SET', prefix .. 'budget', string.format('%.0f', earned), 'PX', 60000)
  return {granted, string.format('%.0f', math.max(0, math.ceil(earned - burst - time)))}`,
  // Whether the first try took something cannot be told; that would be lost, not given twice.
  true,
);

/** A request budget in one key of Redis, for all processes that share the store, by the clock of Redis. */
export class RedisRequestQuota extends RequestQuota {
  constructor(private readonly run: RunScript) {
    super();
  }

  async reserve(count: number, requestsPerSecond: number): Promise<Reservation> {
    const answer = await this.run(reserve, String(count), String(requestsPerSecond));
    const [granted, delayUs] = answer as [number, string];
    return { granted, delayMs: Number(delayUs) / 1_000 };
  }
}
