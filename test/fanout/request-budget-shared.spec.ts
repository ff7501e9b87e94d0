import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../src/contracts/clock.js';
import { RequestQuota, type RequestBudget, type Reservation } from '../../src/contracts/request.budget.js';
import { SharedRequestBudget } from '../../src/fanout/shared-request.budget.js';
import { RedisConnectionStore, StoreUnavailableError } from '../../src/index.js';
import { ManualClock } from '../support/manual.clock.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';

const BURST_MS = 100;
const HORIZON_MS = 1_000;

/** The quota of a store, by a manual clock. */
class FakeQuota extends RequestQuota {
  isAway = false;
  answersAfterMs = 0;
  calls = 0;
  private earned = 0;

  constructor(private readonly clock: ManualClock) {
    super();
  }

  async reserve(count: number, requestsPerSecond: number): Promise<Reservation> {
    this.calls++;
    if (this.isAway) throw new StoreUnavailableError('share the request budget');
    const [now, each] = [this.clock.now(), 1_000 / requestsPerSecond];
    this.earned = Math.max(now, this.earned);
    const granted = Math.min(count, Math.floor((now + HORIZON_MS - this.earned) / each + 1e-6));
    if (this.answersAfterMs > 0)
      await new Promise<void>((resolve) => void this.clock.after(this.answersAfterMs, resolve));
    if (granted < 1) return { granted: 0, delayMs: this.earned + each - now - HORIZON_MS };
    this.earned += granted * each;
    return { granted, delayMs: Math.max(0, this.earned - BURST_MS - now) };
  }
}

/** Somebody who makes requests as fast as the budget lets them. */
async function greedy(budget: RequestBudget, onRequest: () => void, signal: AbortSignal): Promise<void> {
  // An unlimited budget ends in a number that is too large, and not never.
  for (let made = 0; made < 50_000 && !signal.aborted; made++) {
    const turn = budget.take(signal);
    if (turn !== undefined) await turn;
    if (!signal.aborted) onRequest();
  }
}

describe('a request budget that processes share', () => {
  const PER_SECOND = 1_000;

  const run = async (processes: number, forMs: number, prepare: (quota: FakeQuota) => void = () => undefined) => {
    const clock = new ManualClock();
    const start = clock.now();
    const quota = new FakeQuota(clock);
    prepare(quota);
    const counts = Array.from({ length: processes }, () => 0);
    const times: number[] = [];
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const all = counts.map((_, index) =>
      greedy(
        new SharedRequestBudget(quota, PER_SECOND, clock),
        () => {
          counts[index] = (counts[index] ?? 0) + 1;
          times.push(clock.now() - start);
        },
        abort.signal,
      ),
    );
    await clock.advance(0);
    await clock.advance(forMs);
    const result = { counts: [...counts], times: [...times], total: times.length, calls: quota.calls };
    abort.abort();
    await clock.advance(5_000);
    await Promise.all(all);
    return result;
  };

  it.each([1, 3, 20])('lets %i processes make as many requests as it says, all together', async (processes) => {
    const { total } = await run(processes, 5_000);
    expect(total).toBeLessThanOrEqual(PER_SECOND * 5.5);
    expect(total).toBeGreaterThanOrEqual(PER_SECOND * 4.5);
  });

  it('never lets them make more than half a second worth on top, in any stretch of time', async () => {
    const { times } = await run(8, 4_000);
    for (let first = 0; first < times.length; first += 50) {
      for (let last = first; last < times.length; last += 50) {
        const stretchMs = (times[last] as number) - (times[first] as number);
        expect(last - first).toBeLessThanOrEqual((PER_SECOND * (stretchMs + 500)) / 1_000 + 1);
      }
    }
  });

  it('gives every one of them a fair part', async () => {
    const { counts } = await run(10, 5_000);
    const fair = (PER_SECOND * 5) / 10;
    for (const count of counts) {
      expect(count).toBeGreaterThan(fair * 0.5);
      expect(count).toBeLessThan(fair * 2);
    }
  });

  it('asks the store for many at a time', async () => {
    const { total, calls } = await run(1, 5_000);
    expect(calls).toBeLessThan(total / 10);
  });

  it('goes on with a tenth in each process while the store is away, at once', async () => {
    const { total } = await run(3, 5_000, (quota) => (quota.isAway = true));
    expect(total).toBeLessThanOrEqual(3 * PER_SECOND * 0.1 * 5.2);
    expect(total).toBeGreaterThanOrEqual(3 * PER_SECOND * 0.1 * 4.8);
  });

  it('takes answers that are late for none', async () => {
    const { total } = await run(1, 5_000, (quota) => (quota.answersAfterMs = 400));
    expect(total).toBeLessThanOrEqual(PER_SECOND * 0.1 * 5.2);
  });

  it('asks the store again after a second away, and is back to the whole', async () => {
    const clock = new ManualClock();
    const quota = new FakeQuota(clock);
    quota.isAway = true;
    const abort = new AbortController();
    let made = 0;
    const running = greedy(new SharedRequestBudget(quota, PER_SECOND, clock), () => made++, abort.signal);
    await clock.advance(0);
    await clock.advance(1_500);
    expect(quota.calls).toBe(2);
    quota.isAway = false;
    await clock.advance(1_500);
    const before = made;
    await clock.advance(2_000);
    expect(made - before).toBeGreaterThan(PER_SECOND * 1.8);
    abort.abort();
    await clock.advance(1_000);
    await running;
  });

  it('gives up what an idle process has taken and not used', async () => {
    const clock = new ManualClock();
    const quota = new FakeQuota(clock);
    const budget = new SharedRequestBudget(quota, PER_SECOND, clock);
    for (let index = 0; index < 20; index++) {
      void budget.take();
      await clock.advance(0);
    }
    expect(budget.take()).toBeUndefined();
    await clock.advance(90);
    expect(budget.take()).toBeUndefined();
    await clock.advance(10_000);
    const calls = quota.calls;
    expect(budget.take()).toBeInstanceOf(Promise);
    await clock.advance(0);
    expect(quota.calls).toBeGreaterThan(calls);
  });

  it('serves in order, and lets go of whoever is aborted', async () => {
    const clock = new ManualClock();
    const quota = new FakeQuota(clock);
    const budget = new SharedRequestBudget(quota, 10, clock);
    const taken: string[] = [];
    const abort = new AbortController();
    for (const name of ['a', 'b', 'c', 'd']) {
      void budget.take(name === 'c' ? abort.signal : undefined)?.then(() => taken.push(name));
    }
    await clock.advance(0);
    abort.abort();
    await clock.advance(1_000);
    expect(taken).toEqual(['a', 'c', 'b', 'd']);
  });
});

describeWithRedis('a request budget in Redis', () => {
  const redis = useRedis();

  it('is one budget for all stores over the same keys, by the clock of Redis', async () => {
    const perSecond = 2_000;
    const keyPrefix = `${randomUUID()}:`;
    const stores = Array.from({ length: 4 }, () => new RedisConnectionStore(redis.client, { keyPrefix }));
    await Promise.all(stores.map((store) => store.ping()));
    const clock = new SystemClock();
    const abort = new AbortController();
    let made = 0;
    const started = performance.now();
    const running = stores.map((store) =>
      greedy(
        new SharedRequestBudget(store.requestQuota(), perSecond, clock),
        () => {
          if (++made === 1_500) abort.abort();
        },
        abort.signal,
      ),
    );
    await Promise.all(running);
    const elapsedMs = performance.now() - started;
    await Promise.all(stores.map((store) => store.close()));
    // 1,500 requests at 2,000 a second take 750 ms, of which at most 500 ms may be on top.
    expect(made).toBe(1_500);
    expect(elapsedMs).toBeGreaterThan(250);
  });

  it('grants a burst, then what is earned, and beyond a second ahead nothing', async () => {
    const store = new RedisConnectionStore(redis.client, { keyPrefix: `${randomUUID()}:` });
    const quota = store.requestQuota();
    expect(await quota.reserve(10, 100)).toEqual({ granted: 10, delayMs: 0 });
    const next = await quota.reserve(50, 100);
    expect(next.granted).toBe(50);
    expect(next.delayMs).toBeGreaterThan(300);
    expect(next.delayMs).toBeLessThanOrEqual(500);
    const rest = await quota.reserve(500, 100);
    expect(rest.granted).toBeGreaterThanOrEqual(40);
    expect(rest.granted).toBeLessThan(80);
    const none = await quota.reserve(500, 1);
    expect(none.granted).toBe(0);
    expect(none.delayMs).toBeGreaterThan(0);
    await store.close();
  });

  it('recovers at once from a clock of Redis that was set back', async () => {
    const keyPrefix = `${randomUUID()}:`;
    const store = new RedisConnectionStore(redis.client, { keyPrefix });
    await redis.client.set(`${keyPrefix}budget`, String((Date.now() + 3_600_000) * 1_000));
    expect(await store.requestQuota().reserve(5, 100)).toEqual({ granted: 5, delayMs: 0 });
    await store.close();
  });
});
