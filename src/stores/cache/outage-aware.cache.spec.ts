import { describe, expect, it } from '@jest/globals';
import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';
import { isInMemory, OutageAwareCache } from './outage-aware.cache.js';

/** An adapter that keeps what it was to delete, and says so, once told to. */
class Keeper {
  isKeeping = false;
  readonly values = new Map<string, unknown>();
  readonly get = (key: string) => this.values.get(key);
  readonly set = (key: string, value: unknown) => void this.values.set(key, value);
  readonly delete = (key: string) => !this.isKeeping && this.values.delete(key);
  readonly clear = () => this.values.clear();
}

describe('OutageAwareCache', () => {
  it('takes a deletion that kept the value for a failure, and one that found none for done', async () => {
    const keeper = new Keeper();
    const cache = new OutageAwareCache(createCache({ stores: [new Keyv({ store: keeper, emitErrors: false })] }));
    await cache.set('a', 1, 1_000);
    keeper.isKeeping = true;
    await expect(cache.delete('a')).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(cache.delete('b')).resolves.toBeUndefined();
    keeper.isKeeping = false;
    await expect(cache.delete('a')).resolves.toBeUndefined();
    await expect(cache.get('a')).resolves.toBeUndefined();
  });

  it('writes to every tier and reads from the first that has the value', async () => {
    const [front, back] = [new Keyv(), new Keyv()];
    const cache = new OutageAwareCache(createCache({ stores: [front, back] }));
    await cache.set('a', 1, 60_000);
    await expect(Promise.all([front.get('a'), back.get('a')])).resolves.toEqual([1, 1]);
    await front.delete('a');
    await expect(cache.get('a')).resolves.toBe(1);
    await cache.delete('a');
    await expect(back.get('a')).resolves.toBeUndefined();
  });

  it('reads by get where a Keyv is too old to have getRaw', async () => {
    const keyv = new Keyv();
    const old = {
      get: keyv.get.bind(keyv),
      set: keyv.set.bind(keyv),
      on: keyv.on.bind(keyv),
      off: keyv.off.bind(keyv),
    };
    const cache = new OutageAwareCache({ stores: [old] } as unknown as Cache);
    await cache.set('a', [1], 60_000);
    await expect(cache.get('a')).resolves.toEqual([1]);
    await expect(cache.get('b')).resolves.toBeUndefined();
  });

  it('works on a cache that shows no stores', async () => {
    const { get, set, del } = createCache();
    const cache = new OutageAwareCache({ get, set, del } as unknown as Cache);
    await cache.set('a', 1, 60_000);
    await expect(cache.get('a')).resolves.toBe(1);
    await cache.delete('a');
    await expect(cache.get('a')).resolves.toBeUndefined();
  });

  it('stops listening to the stores when closed', () => {
    const keyv = new Keyv();
    const cache = new OutageAwareCache(createCache({ stores: [keyv] }));
    expect(keyv.listeners('error')).toHaveLength(1);
    cache.close();
    expect(keyv.listeners('error')).toHaveLength(0);
  });
});

describe('isInMemory', () => {
  class MapElsewhere extends Map<string, unknown> {}
  class CacheableMemory extends Keeper {}

  it.each([
    ['the default cache', createCache(), true],
    ['a Map', createCache({ stores: [new Keyv({ store: new Map() })] }), true],
    ['the memory store of Nest’s guide', createCache({ stores: [new Keyv({ store: new CacheableMemory() })] }), true],
    [
      'a subclass of Map, which may keep its values anywhere',
      createCache({ stores: [new Keyv(new MapElsewhere())] }),
      false,
    ],
    ['an adapter', createCache({ stores: [new Keyv({ store: new Keeper() })] }), false],
    ['memory in front of an adapter', createCache({ stores: [new Keyv(), new Keyv({ store: new Keeper() })] }), false],
    ['a cache that shows no stores', {} as unknown as Cache, false],
  ])('knows of %s', (_, cache, expected) => {
    expect(isInMemory(cache)).toBe(expected);
  });
});
