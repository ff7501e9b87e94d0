import { describe, expect, it } from '@jest/globals';
import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheConnectionStore, type CacheConnectionStoreOptions } from '../../src/index.js';
import { ManualClock } from '../support/manual.clock.js';
import { RemoteCache } from '../support/remote.cache.js';
import { CACHES, connection, remote } from './caches.js';

const clock = new ManualClock();
const storeOver = (cache: Cache, options: CacheConnectionStoreOptions = {}) =>
  new CacheConnectionStore(cache, { clock, ...options });

/** Everything that a cache holds, as text. */
async function textOf(cache: Cache): Promise<string> {
  const entries: unknown[] = [];
  for (const { iterator } of cache.stores) {
    for await (const entry of iterator?.(undefined) ?? []) entries.push(entry);
  }
  return JSON.stringify(entries);
}

describe.each(CACHES)('the layout in %s', (_, newCache) => {
  it('is that of laravel-bref/websocket, with lists of users and of channels beside it', async () => {
    const cache = newCache();
    const store = storeOver(cache);
    await store.add(connection('AAA=', '42'));
    await store.add(connection('BBB='));
    await store.join('AAA=', 'news');
    await store.join('BBB=', 'news');
    await store.join('AAA=', 'sport');

    await expect(cache.get('websocket:connections')).resolves.toEqual(['AAA=', 'BBB=']);
    await expect(cache.get('websocket:connection:AAA=')).resolves.toMatchObject({
      connectionId: 'AAA=',
      connectedAt: 1_767_225_600_000,
      userId: '42',
      routeKey: '$connect',
      channels: ['news', 'sport'],
      endpoint: null,
    });
    await expect(cache.get('websocket:channels:news')).resolves.toEqual(['AAA=', 'BBB=']);
    await expect(cache.get('websocket:channels:sport')).resolves.toEqual(['AAA=']);
    await expect(cache.get('websocket:channels')).resolves.toEqual(['news', 'sport']);
    await expect(cache.get('websocket:users:42')).resolves.toEqual(['AAA=']);
  });

  it('has arrays without gaps after a removal from their middle', async () => {
    const cache = newCache();
    const store = storeOver(cache);
    for (const id of ['a', 'b', 'c']) {
      await store.add(connection(id, 'ada'));
      await store.join(id, 'news');
    }
    await store.remove('b');
    for (const key of ['websocket:connections', 'websocket:users:ada', 'websocket:channels:news']) {
      await expect(cache.get(key)).resolves.toEqual(['a', 'c']);
    }
  });

  it('has no empty arrays, and no record of what is gone', async () => {
    const cache = newCache();
    const store = storeOver(cache);
    await store.add(connection('a', 'ada'));
    await store.join('a', 'news');
    await store.join('a', 'sport');
    await store.leave('a', 'sport');
    await expect(cache.get('websocket:channels:sport')).resolves.toBeUndefined();
    await expect(cache.get('websocket:channels')).resolves.toEqual(['news']);
    await store.remove('a');
    for (const key of ['connections', 'connection:a', 'channels', 'channels:news', 'users:ada']) {
      await expect(cache.get(`websocket:${key}`)).resolves.toBeUndefined();
    }
  });

  it('is not disturbed by what an application put under the same keys', async () => {
    const cache = newCache();
    await cache.set('websocket:connections', { 0: 'a', 2: 'c' });
    await cache.set('websocket:connection:a', 'not a record');
    await cache.set('websocket:channels:news', 7);
    const store = storeOver(cache);
    await expect(store.countConnections()).resolves.toBe(0);
    await expect(store.findMany(['a'])).resolves.toEqual([null]);
    await store.add(connection('a'));
    await store.join('a', 'news');
    await expect(cache.get('websocket:connections')).resolves.toEqual(['a']);
    await expect(cache.get('websocket:channels:news')).resolves.toEqual(['a']);
  });

  it('starts every key with the prefix, so that two applications share a cache without meeting', async () => {
    const cache = newCache();
    const [ours, theirs] = ['ours:', 'theirs:'].map((keyPrefix) => storeOver(cache, { keyPrefix }));
    await ours?.add(connection('a', 'ada'));
    await ours?.join('a', 'news');
    await theirs?.add(connection('b', 'ada'));
    await theirs?.join('b', 'news');
    await expect(cache.get('ours:connections')).resolves.toEqual(['a']);
    await expect(cache.get('theirs:channels:news')).resolves.toEqual(['b']);
    await expect(cache.get('websocket:connections')).resolves.toBeUndefined();
    await ours?.remove('b');
    await expect(theirs?.connectionsOfUser('ada')).resolves.toEqual(['b']);
  });

  it('encodes what means something in a key or a pattern', async () => {
    const cache = newCache();
    const store = storeOver(cache);
    await store.add(connection('a:b', '*'));
    await store.join('a:b', '{x}\n');
    await expect(cache.get('websocket:connection:a%3Ab')).resolves.toMatchObject({ connectionId: 'a:b' });
    await expect(cache.get('websocket:users:%2A')).resolves.toEqual(['a:b']);
    await expect(cache.get('websocket:channels:%7Bx%7D%0A')).resolves.toEqual(['a:b']);
    await expect(cache.get('websocket:channels')).resolves.toEqual(['{x}\n']);
  });

  it('may hold records that another writer left incomplete', async () => {
    const cache = newCache();
    const { connectionId, connectedAt } = connection('a');
    await cache.set('websocket:connections', ['a', 'b']);
    await cache.set('websocket:connection:a', { connectionId, connectedAt });
    await cache.set('websocket:connection:b', {
      ...connection('b'),
      userId: 42,
      channels: ['news', 7],
      endpoint: 8,
      theme: 'dark',
    });
    await cache.set('websocket:users:42', ['b']);
    await cache.set('websocket:channels:news', ['b']);
    const store = storeOver(cache);
    await expect(store.findMany(['a', 'b'])).resolves.toStrictEqual([
      connection('a'),
      { ...connection('b', '42'), channels: ['news'] },
    ]);
    await expect(store.connectionsOfUser('42')).resolves.toEqual(['b']);
    await expect(store.join('a', 'news')).resolves.toBe('joined');
    await expect(cache.get('websocket:connection:a')).resolves.toMatchObject({ routeKey: '$connect', endpoint: null });
  });

  it('lasts: a second store on the same cache goes on where the first ended', async () => {
    const cache = newCache();
    const first = storeOver(cache);
    await first.add(connection('a', 'ada'));
    await first.add(connection('b'));
    await first.join('b', 'sport');
    await first.join('a', 'news');
    await first.join('a', 'sport');
    const before = await first.findMany(['a', 'b']);
    await first.close();

    const second = storeOver(cache);
    await expect(second.findMany(['a', 'b'])).resolves.toEqual(before);
    await expect(second.connectionsOfUser('ada')).resolves.toEqual(['a']);
    await expect(second.add(connection('a'))).resolves.toBe(false);
    await expect(second.remove('a')).resolves.toMatchObject({ channels: ['news', 'sport'] });
    await expect(cache.get('websocket:channels:sport')).resolves.toEqual(['b']);
    await expect(cache.get('websocket:channels')).resolves.toEqual(['sport']);
  });
});

describe('the layout in an in-memory cache', () => {
  const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `id-${from + index}`);
  const addAll = async (store: CacheConnectionStore, all: readonly string[]) =>
    Promise.all(all.map((id) => store.add(connection(id, 'ada'))));

  it('has the record of a connection, and nothing more, under its key', async () => {
    const cache = createCache();
    await storeOver(cache).add(connection('a', '42'));
    await expect(cache.get('websocket:connection:a')).resolves.toEqual(connection('a', '42'));
  });

  it('follows at once up to 1,000 ids', async () => {
    const cache = createCache();
    const store = storeOver(cache);
    await addAll(store, ids(999));
    await store.add(connection('last', 'ada'));
    await store.join('last', 'news');
    await expect(cache.get('websocket:connections')).resolves.toEqual([...ids(999), 'last']);
    await expect(cache.get('websocket:users:ada')).resolves.toHaveLength(1_000);
    expect(clock.pending).toBe(0);
  });

  it('follows within 50 ms above 1,000 ids, with one write however many change', async () => {
    const cache = createCache();
    const store = storeOver(cache);
    await addAll(store, ids(1_000));
    const arrays: unknown[] = [];
    const { hooks } = cache.stores[0] as Keyv;
    hooks.addHandler('preSet', ({ key, value }: { key: string; value: unknown }) => {
      if (key === 'websocket:connections') arrays.push(value);
    });
    for (const id of ids(500, 1_000)) await store.add(connection(id));
    await store.remove('id-0');
    // The record of each connection does not wait.
    await expect(cache.get('websocket:connection:id-1499')).resolves.toMatchObject({ connectionId: 'id-1499' });
    await clock.advance(49);
    expect(arrays).toEqual([]);
    await clock.advance(1);
    expect(arrays).toEqual([ids(1_499, 1)]);
    await clock.advance(1_000);
    expect(arrays).toHaveLength(1);
    await store.close();
  });

  it('follows at once again when a list has become short, and is not overtaken by an older one', async () => {
    const cache = createCache();
    const store = storeOver(cache);
    await addAll(store, ids(1_001));
    await store.remove('id-0');
    await store.remove('id-1');
    await expect(cache.get('websocket:connections')).resolves.toEqual(ids(999, 2));
    await Promise.all(ids(999, 2).map((id) => store.remove(id)));
    await store.add(connection('new', 'ada'));
    await clock.advance(50);
    await expect(cache.get('websocket:connections')).resolves.toEqual(['new']);
    await expect(cache.get('websocket:users:ada')).resolves.toEqual(['new']);
  });

  it('is complete when the store is closed', async () => {
    const cache = createCache();
    const store = storeOver(cache);
    await addAll(store, ids(1_500));
    await store.close();
    await expect(cache.get('websocket:connections')).resolves.toHaveLength(1_500);
    expect(clock.pending).toBe(0);
    await expect(storeOver(cache).countConnections()).resolves.toBe(1_500);
  });

  it('shows a removed connection in no value', async () => {
    const cache = createCache();
    const store = storeOver(cache);
    for (const id of ['stays', 'REMOVED']) {
      await store.add(connection(id, 'ada'));
      for (const channel of ['news', 'sport', 'a:b']) await store.join(id, channel);
    }
    await store.leave('REMOVED', 'sport');
    expect(await textOf(cache)).toContain('REMOVED');
    await store.remove('REMOVED');
    const text = await textOf(cache);
    expect(text).not.toContain('REMOVED');
    expect(text).toContain('stays');
  });

  it('shows a removed connection in no value, also when many come and go at once', async () => {
    const cache = createCache();
    const store = storeOver(cache);
    const passing = ids(300).map((id) => `REMOVED-${id}`);
    await Promise.all(
      passing.map(async (id) => {
        await store.add(connection(id, id));
        await Promise.all([store.join(id, 'news'), store.join(id, id), store.remove(id)]);
      }),
    );
    await expect(textOf(cache)).resolves.toBe('[]');
  });
});

describe('the layout in any other cache', () => {
  it('is read many channels at a time, but not all', async () => {
    class CountingCache extends RemoteCache {
      mostAtOnce = 0;
      private underWay = 0;

      override async get<Value>(key: string): Promise<Value | undefined> {
        if (!key.includes(':channels:')) return super.get(key);
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.underWay);
        return super.get<Value>(key).finally(() => this.underWay--);
      }
    }
    const server = new CountingCache();
    const store = storeOver(remote(server));
    await store.add(connection('a'));
    const names = Array.from({ length: 100 }, (_, index) => `channel-${index}`);
    for (const name of names) await store.join('a', name);
    server.mostAtOnce = 0;
    const occupancies: unknown[] = [];
    for await (const page of store.channels()) occupancies.push(...page);
    expect(occupancies).toEqual(names.map((channel) => ({ channel, members: 1 })));
    expect(server.mostAtOnce).toBeGreaterThan(1);
    expect(server.mostAtOnce).toBeLessThan(names.length);
  });

  it('shows a removed connection in no value but the one that stands for its removal', async () => {
    const server = new RemoteCache();
    const store = storeOver(remote(server));
    for (const id of ['stays', 'REMOVED']) {
      await store.add(connection(id, 'ada'));
      await store.join(id, 'news');
    }
    await store.remove('REMOVED');
    expect([...server.values.keys()].filter((key) => key.includes('REMOVED'))).toEqual([
      'keyv:websocket:removed:REMOVED',
    ]);
    expect([...server.values.values()].join()).not.toContain('REMOVED');
  });
});
