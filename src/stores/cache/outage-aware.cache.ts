import type { Cache } from 'cache-manager';
import type { Keyv } from 'keyv';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';

/**
 * A cache-manager cache whose outages are errors.
 *
 * cache-manager resolves `undefined` from a store that fails to read, and Keyv and its adapters report failures as `error` events or
 * as `false`; taken as they are, a dead Redis would look like "nobody is connected". So this talks to the cache's Keyv stores and takes
 * every one of those signs as a failure. While one operation is under way, an `error` event fails it too even if another caused it: both
 * met the same broken store.
 */
export class OutageAwareCache {
  private readonly stores: readonly Keyv[];
  private readonly failures = { count: 0, last: undefined as unknown };
  private readonly onError = (error: unknown): void => {
    this.failures.count++;
    this.failures.last = error;
  };

  constructor(private readonly cache: Cache) {
    this.stores = Array.isArray(cache.stores) ? cache.stores : [];
    for (const store of this.stores) store.on('error', this.onError);
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    return this.guard('read', async () => {
      if (this.stores.length === 0) return this.cache.get<Value>(key);
      for (const store of this.stores) {
        // Keyv's get swallows what an adapter throws; getRaw passes it on.
        const value = (await store.getRaw<Value>(key))?.value;
        if (value !== undefined && value !== null) return value;
      }
      return undefined;
    });
  }

  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    await this.guard('write', async () => {
      if (this.stores.length === 0) await this.cache.set(key, value, ttlMs);
      const written = await Promise.all(this.stores.map((store) => store.set(key, value, ttlMs)));
      if (written.includes(false)) throw new Error('The cache refused a value.');
    });
  }

  async delete(key: string): Promise<void> {
    await this.guard('delete', async () => {
      if (this.stores.length === 0) await this.cache.del(key);
      // A `false` here may mean no more than "there was none".
      await Promise.all(this.stores.map((store) => store.delete(key)));
    });
  }

  /** Stops listening to the stores. They stay open: they are the application's. */
  close(): void {
    for (const store of this.stores) store.off('error', this.onError);
  }

  private async guard<Value>(operation: string, run: () => Promise<Value>): Promise<Value> {
    const before = this.failures.count;
    let value: Value;
    try {
      value = await run();
    } catch (cause) {
      throw new StoreUnavailableError(operation, { cause });
    }
    if (this.failures.count !== before) throw new StoreUnavailableError(operation, { cause: this.failures.last });
    return value;
  }
}

const MEMORY_STORES = new Set(['CacheableMemory', 'KeyvCacheableMemory']);

/** Whether every value of the cache stays in this process: in a `Map`, or in the memory store that Nest's guide shows. */
export function isInMemory(cache: Cache): boolean {
  if (!Array.isArray(cache.stores) || cache.stores.length === 0) return false;
  return cache.stores.every(({ store }: { store?: object }) => {
    // By name: a check by class would need a dependency on a package that most applications do not have.
    return store instanceof Map || (store !== undefined && MEMORY_STORES.has(store.constructor.name));
  });
}
