import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RedisConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { ManualClock } from '../support/manual.clock.js';
import { describeWith, englishLocale, redisServer, requireProgram } from '../support/program.js';
import { connectTestClient, keysOf } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { connection } from './caches.js';

const EXPIRE_AFTER_SECONDS = 600;
const EXPIRE_AFTER_MS = EXPIRE_AFTER_SECONDS * 1_000;

describeWithRedis('time in Redis', () => {
  const redis = useRedis({ isEmptied: true });
  let clock: ManualClock;
  let store: RedisConnectionStore;

  beforeEach(async () => {
    clock = new ManualClock();
    store = new RedisConnectionStore(redis.client, { clock, expireAfterSeconds: EXPIRE_AFTER_SECONDS });
  });

  const add = (id: string, connectedAt = clock.now()) => store.add({ ...connection(id, 'ada'), connectedAt });
  const addMany = async (count: number, name: string, connectedAt = clock.now()) => {
    const ids = Array.from({ length: count }, (_, index) => `${name}${index}`);
    await Promise.all(ids.map((id) => add(id, connectedAt)));
    await Promise.all(ids.map((id) => store.join(id, name)));
    return ids;
  };

  describe('in a store that nobody sweeps', () => {
    it('takes expired connections away as others come, with all that names them', async () => {
      await addMany(50, 'old');
      await clock.advance(EXPIRE_AFTER_MS);
      await addMany(25, 'new');
      await expect(redis.client.zCard('websocket:connections')).resolves.toBe(25);
      expect((await keysOf(redis.client)).filter((key) => key.includes('old'))).toEqual([]);
      await expect(redis.client.sMembers('websocket:channels')).resolves.toEqual(['new']);
    });

    it('takes them away when somebody counts, however many they are', async () => {
      await addMany(1_000, 'old');
      await clock.advance(EXPIRE_AFTER_MS);
      await expect(store.countConnections()).resolves.toBe(0);
      expect(await keysOf(redis.client)).toEqual([]);
    });

    it('keeps those that were registered late, among others that have expired', async () => {
      const ancient = clock.now() - 10 * EXPIRE_AFTER_MS;
      await addMany(450, 'old', ancient);
      await clock.advance(EXPIRE_AFTER_MS - 1);
      const late = await addMany(450, 'late', ancient);
      await clock.advance(1);
      await expect(store.countConnections()).resolves.toBe(450);
      expect((await collect(store.connections())).toSorted()).toEqual(late.toSorted());
      expect((await collect(store.members('late'))).toSorted()).toEqual(late.toSorted());
      await expect(collect(store.channels())).resolves.toEqual([{ channel: 'late', members: 450 }]);
      await clock.advance(EXPIRE_AFTER_MS);
      await expect(store.countConnections()).resolves.toBe(0);
    });
  });

  it('misses no stale connection of many with the same age, while half of each page is removed', async () => {
    const ids = await addMany(2_500, 'a', clock.now() - 1);
    const seen: string[] = [];
    for await (const page of store.staleBefore(clock.now())) {
      seen.push(...page);
      await Promise.all(page.filter((_, index) => index % 2 === 0).map((id) => store.remove(id)));
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    await expect(store.countConnections()).resolves.toBe(1_250);
  });

  it('misses no stale connection either while all of a page is removed, or touched', async () => {
    const ids = await addMany(2_500, 'a', clock.now() - 1);
    const seen: string[] = [];
    for await (const page of store.staleBefore(clock.now())) {
      seen.push(...page);
      await Promise.all(page.map((id, index) => (index % 2 === 0 ? store.remove(id) : store.touch(id, clock.now()))));
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    await expect(collect(store.staleBefore(clock.now()))).resolves.toEqual([]);
  });
});

describeWith([redisServer, englishLocale], 'a Redis that was started in another language', () => {
  it('misses no stale connection, though it sorts letters in another order than bytes', async () => {
    requireProgram(englishLocale);
    const locales = mkdtempSync(join(tmpdir(), 'locales-'));
    execFileSync('localedef', ['-i', 'en_US', '-f', 'UTF-8', join(locales, 'en_US.UTF-8')]);
    const redis = await RedisServer.start({ environment: { LC_ALL: 'en_US.UTF-8', LOCPATH: locales } });
    const client = await connectTestClient(redis.url);
    try {
      // The language is in force, or this proves nothing: in bytes, capitals come first.
      await expect(client.eval("return 'a' < 'B' and 1 or 0")).resolves.toBe(1);
      const store = new RedisConnectionStore(client);
      const ids = Array.from({ length: 2_500 }, (_, index) => `${index % 2 === 0 ? 'a' : 'B'}${index}`);
      await Promise.all(ids.map((id) => store.add(connection(id))));
      expect((await collect(store.staleBefore(Date.now()))).toSorted()).toEqual(ids.toSorted());
    } finally {
      client.destroy();
      await redis.kill();
      rmSync(locales, { recursive: true });
    }
  });
});
