import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from '@jest/globals';
import type { Lease } from '../../src/contracts/node.registry.js';
import { RedisConnectionStore, type NodeRegistry } from '../../src/index.js';
import { lifetimesOf } from '../support/redis.keys.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';

const LONG_MS = 60_000;

describeWithRedis('the leases of nodes in Redis', () => {
  const redis = useRedis({ isEmptied: true });
  let registry: NodeRegistry;

  beforeAll(async () => {
    registry = new RedisConnectionStore(redis.client).cluster().registry;
  });

  /** Takes a lease that has run out. */
  async function deadLease(nodeId: string): Promise<Lease> {
    const lease = (await registry.join(nodeId, 1)) as Lease;
    while (!(await registry.expired()).includes(nodeId)) await sleep(1);
    return lease;
  }

  it('last for as long as was asked, by the clock of Redis', async () => {
    const [seconds] = await redis.client.sendCommand<[string, string]>(['TIME']);
    const { until } = (await registry.join('a', LONG_MS)) as Lease;
    expect(until - Number(seconds) * 1_000 - LONG_MS).toBeGreaterThanOrEqual(0);
    expect(until - Number(seconds) * 1_000 - LONG_MS).toBeLessThan(5_000);
    expect(await registry.expired()).toEqual([]);
    expect(await registry.nodes()).toEqual(['a']);
    await registry.leave('a');
    expect(await registry.nodes()).toEqual([]);
  });

  it('may be renewed after they ran out, as long as nobody has claimed the node', async () => {
    const lease = await deadLease('a');
    expect(await registry.renew('a', LONG_MS, lease)).toEqual({ until: expect.any(Number) });
    expect(await registry.expired()).toEqual([]);
    expect(await registry.claim('a', 'somebody', LONG_MS)).toBe(false);
  });

  it('are forgotten by a Redis that has lost them, or knows an earlier one', async () => {
    const first = (await registry.join('a', LONG_MS)) as Lease;
    const later = { until: first.until + 5_000 };
    expect(await registry.renew('a', LONG_MS, later)).toBe('forgotten');
    await redis.client.flushAll();
    expect(await registry.renew('a', LONG_MS, first)).toBe('forgotten');
  });

  it('are not forgotten when a renewal took place whose answer was lost', async () => {
    const first = (await registry.join('a', LONG_MS)) as Lease;
    await registry.renew('a', 2 * LONG_MS, first);
    expect(await registry.renew('a', LONG_MS, first)).toEqual({ until: expect.any(Number) });
  });

  it('end for good once somebody has claimed the node, and one at a time does', async () => {
    const lease = await deadLease('a');
    const claims = ['b', 'c', 'd'].map((claimant) => registry.claim('a', claimant, LONG_MS));
    expect((await Promise.all(claims)).filter((isClaimed) => isClaimed)).toHaveLength(1);
    expect(await registry.renew('a', LONG_MS, lease)).toBe('fenced');
    expect(await registry.join('a', LONG_MS)).toBe('fenced');
    await registry.buried('a');
    expect(await registry.nodes()).toEqual([]);
    expect(await registry.join('a', LONG_MS)).toBe('fenced');
  });

  it('may be claimed by another when the one that did gives no sign of life, and longer by the one that does', async () => {
    await deadLease('a');
    expect(await registry.claim('a', 'b', 30)).toBe(true);
    expect(await registry.claim('a', 'b', 30)).toBe(true);
    while (!(await registry.claim('a', 'c', LONG_MS))) await sleep(5);
    expect(await registry.claim('a', 'b', LONG_MS)).toBe(false);
  });

  it('give the turn to look for lost connections to one of all that ask', async () => {
    const turns = Array.from({ length: 5 }, () => registry.isAuditDue(LONG_MS));
    expect((await Promise.all(turns)).filter((isDue) => isDue)).toHaveLength(1);
  });

  it('leave no key behind for ever', async () => {
    await deadLease('a');
    await registry.claim('a', 'b', LONG_MS);
    await registry.isAuditDue(LONG_MS);
    const lifetimes = await lifetimesOf(redis.client);
    expect(Object.keys(lifetimes)).toHaveLength(4);
    expect(Object.values(lifetimes).filter((ms) => ms < 0)).toEqual([]);
  });
});
