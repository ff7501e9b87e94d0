import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createCache, type Cache } from 'cache-manager';
import { CacheConnectionStore, type CacheConnectionStoreOptions } from '../../src/index.js';
import { ManualClock } from '../support/manual.clock.js';
import { RemoteCache } from '../support/remote.cache.js';
import { CACHES, connection, remote } from './caches.js';

let clock: ManualClock;
const storeOver = (cache: Cache, options: CacheConnectionStoreOptions = {}) =>
  new CacheConnectionStore(cache, { clock, ...options });

beforeEach(() => {
  clock = new ManualClock();
  // Keyv goes by the time of the machine.
  jest.spyOn(Date, 'now').mockImplementation(() => clock.now());
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(CACHES)('what %s holds', (_, newCache) => {
  it('is renewed by a touch, every list of the connection as well as its record', async () => {
    const cache = newCache();
    const store = storeOver(cache);
    await store.add(connection('a', 'ada'));
    await store.join('a', 'news');
    for (let round = 0; round < 3; round++) {
      await clock.advance(24.5 * 3_600_000);
      await store.touch('a', clock.now());
    }
    const lists = { connections: ['a'], channels: ['news'], 'channels:news': ['a'], 'users:ada': ['a'] };
    await expect(cache.get('websocket:connection:a')).resolves.toMatchObject({ channels: ['news'] });
    for (const [key, ids] of Object.entries(lists)) await expect(cache.get(`websocket:${key}`)).resolves.toEqual(ids);
  });

  it('is renewed by each connect and join: no list ends while it has somebody alive on it', async () => {
    const cache = newCache();
    const store = storeOver(cache);
    for (const id of ['first', 'second']) {
      await store.add(connection(id, 'ada'));
      await store.join(id, 'news');
      await clock.advance(24.5 * 3_600_000);
    }
    for (const key of ['connections', 'users:ada', 'channels:news']) {
      await expect(cache.get(`websocket:${key}`)).resolves.toContain('second');
    }
    await expect(cache.get('websocket:channels')).resolves.toEqual(['news']);

    const occupancies: unknown[] = [];
    for await (const page of store.channels()) occupancies.push(...page);
    expect(occupancies).toEqual([{ channel: 'news', members: 1 }]);
    await expect(store.connectionsOfUser('ada')).resolves.toEqual(['second']);
    await expect(store.countConnections()).resolves.toBe(1);
  });
});

describe('what an in-memory cache holds', () => {
  it('expires by itself: each value has as long to live as its record', async () => {
    const cache = createCache();
    const store = storeOver(cache, { expireAfterSeconds: 3_600 });
    await store.add(connection('a', 'ada'));
    await store.join('a', 'news');
    for (const key of ['connections', 'connection:a', 'channels', 'channels:news', 'users:ada']) {
      await expect(cache.ttl(`websocket:${key}`)).resolves.toBe(clock.now() + 3_600_000);
    }
  });
});

describe('what any other cache holds', () => {
  it('is cleared of an expired connection by the sweep', async () => {
    const cache = remote();
    const store = storeOver(cache, { expireAfterSeconds: 60 });
    await store.add(connection('expired'));
    await store.join('expired', 'news');
    await store.join('expired', 'sport');
    await clock.advance(60_000);
    await store.add(connection('alive'));
    await store.join('alive', 'news');
    for await (const page of store.staleBefore(1)) {
      expect(page).toEqual(['expired']);
      for (const id of page) await expect(store.remove(id)).resolves.toBeNull();
    }
    await expect(cache.get('websocket:connections')).resolves.toEqual(['alive']);
    await expect(cache.get('websocket:channels:news')).resolves.toEqual(['alive']);
    await expect(cache.get('websocket:channels:sport')).resolves.toBeUndefined();
    await expect(cache.get('websocket:channels')).resolves.toEqual(['news']);
  });

  it('has only living connections of a user who connects often and never says goodbye', async () => {
    const cache = remote();
    const store = storeOver(cache, { expireAfterSeconds: 60 });
    for (let round = 0; round < 20; round++) {
      await clock.advance(30_000);
      await store.add(connection(`id-${round}`, 'ada'));
    }
    await expect(cache.get('websocket:users:ada')).resolves.toEqual(['id-18', 'id-19']);
  });

  it('has only living connections of a user also where older ones are alive', async () => {
    const cache = remote();
    const store = storeOver(cache, { expireAfterSeconds: 60 });
    const alive = Array.from({ length: 20 }, (_, index) => `alive-${index}`);
    for (const id of [...alive, 'expired']) await store.add(connection(id, 'ada'));
    await clock.advance(30_000);
    for (const id of alive) await store.touch(id, clock.now());
    await clock.advance(30_000);
    await store.add(connection('new', 'ada'));
    await expect(cache.get('websocket:users:ada')).resolves.toEqual([...alive, 'new']);
  });

  it('gives every value an expiry', async () => {
    const server = new RemoteCache();
    const store = storeOver(remote(server), { expireAfterSeconds: 3_600 });
    for (const id of ['a', 'b']) {
      await store.add(connection(id, 'ada'));
      await store.join(id, 'news');
    }
    await store.remove('b');
    expect(server.values.size).toBeGreaterThan(5);
    for (const text of server.values.values()) {
      expect((JSON.parse(text) as { expires: number }).expires).toBeLessThanOrEqual(Date.now() + 3_600_000);
    }
  });
});
