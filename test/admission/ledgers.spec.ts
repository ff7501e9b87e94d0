import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { RedisConnectionStore, StoreUnavailableError, type RateBuckets } from '../../src/index.js';
import { MemoryAdmissionLedger } from '../../src/stores/cache/memory-admission.ledger.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect } from '../support/events.js';
import { ManualClock } from '../support/manual.clock.js';
import { keysOf, lifetimesOf } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { admissionLedgerContract } from './ledger.contract.js';

describe('admissions in memory', () => {
  admissionLedgerContract('MemoryAdmissionLedger', () => {
    const clock = new ManualClock();
    const ledger = new MemoryAdmissionLedger(clock);
    return { ledgers: [ledger, ledger], clock };
  });
});

describeWithRedis('admissions in Redis', () => {
  const redis = useRedis();
  const clock = new ManualClock();

  const open = (keyPrefix: string, timeoutMs = 3_000) =>
    new RedisConnectionStore(redis.client, { keyPrefix, clock, timeoutMs });

  admissionLedgerContract('RedisAdmissionLedger', () => {
    const keyPrefix = `${randomUUID()}:`;
    return { ledgers: [open(keyPrefix).admissions(), open(keyPrefix).admissions()], clock };
  });

  it('leave no key without an expiry, and none at all once they are released', async () => {
    await redis.client.flushAll();
    const ledger = open('app:').admissions();
    const groups = [{ name: 'all', max: 9 }];
    const request = { connectionId: 'a', groups, state: 's', until: clock.now() + 1_000, dueAt: clock.now() + 500 };
    await ledger.admit(request);
    for (const lifetime of Object.values(await lifetimesOf(redis.client))) expect(lifetime).toBeGreaterThan(0);
    expect((await keysOf(redis.client)).sort()).toEqual(['app:admission:a', 'app:admissions', 'app:admitted:all']);
    await ledger.release('a');
    expect(await keysOf(redis.client)).toEqual([]);
  });

  describe('rates', () => {
    it('hold for all processes together, in bursts no larger than asked for', async () => {
      const [one, other] = [open('rates:').rateBuckets(), open('rates:').rateBuckets()];
      const size = { perSecond: 1, burst: 5 };
      const take = (buckets: RateBuckets) => Promise.resolve(buckets.take('ip:1', size));
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => take(index % 2 === 0 ? one : other)));
      const taken = answers.filter(({ isTaken }) => isTaken).length;
      expect(taken).toBe(5);
      for (const { isTaken, retryAfterMs } of answers) {
        if (isTaken) expect(retryAfterMs).toBe(0);
        else {
          expect(retryAfterMs).toBeGreaterThan(0);
          expect(retryAfterMs).toBeLessThanOrEqual(1_000);
        }
      }
      expect((await one.take('ip:2', size)).isTaken).toBe(true);
      for (const [key, lifetime] of Object.entries(await lifetimesOf(redis.client))) {
        if (key.startsWith('rates:')) expect(lifetime).toBeGreaterThan(0);
      }
    });

    it('earn tokens by the clock of Redis', async () => {
      const buckets = open('earning:').rateBuckets();
      const size = { perSecond: 100, burst: 1 };
      expect((await buckets.take('k', size)).isTaken).toBe(true);
      let tries = 0;
      while (!(await buckets.take('k', size)).isTaken) tries++;
      expect(tries).toBeGreaterThan(0);
    });
  });

  it('are an error while Redis is away, and rates are counted by each process then', async () => {
    const server = await RedisServer.start();
    try {
      const { app, manager } = await startApplication({
        options: {
          redis: { url: server.url },
          storeTimeoutMs: 200,
          admission: { handshakesPerSecond: 2, maxConnections: 10 },
          clock: new ManualClock(Date.now()),
        },
      });
      const warnings: string[] = [];
      const write = (line: unknown): void => void warnings.push(String(line));
      app.useLogger({ log: () => undefined, error: () => undefined, warn: write });
      await manager.getAllConnections();
      await server.kill();
      const clock = setInterval(() => undefined, 10);
      const statuses = [];
      for (let index = 0; index < 4; index++) statuses.push((await manager.handle(connect())).statusCode);
      clearInterval(clock);
      expect(statuses).toEqual([503, 503, 429, 429]);
      expect(warnings.join('\n')).toContain('Rates are counted by each process for itself');
      await expect(open('x:').admissions().find('a')).resolves.toBeNull();
      expect(StoreUnavailableError).toBeDefined();
    } finally {
      await stopApplications();
      await server.kill();
    }
  }, 30_000);
});
