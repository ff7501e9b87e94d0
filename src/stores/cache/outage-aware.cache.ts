import type { Cache } from 'cache-manager';
import type { Keyv } from 'keyv';
import { inTime, LATE, TimeoutError, type Clock } from '../../contracts/clock.js';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';

/** How long an operation may take, by which clock. */
export interface CacheTimeout {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * A cache-manager cache whose outages are errors.
 *
 * When a store fails to read, cache-manager resolves `undefined`; Keyv and its adapters emit `error` or answer `false`; clients that
 * reconnect hold a command back until they have. So a dead Redis would look like "nobody is connected", or never answer at all. This
 * class therefore talks to the cache's Keyv stores and takes each of those signs for a failure. An `error` event fails every operation
 * that is under way, whichever caused it: all of them met the same broken store.
 */
export class OutageAwareCache {
  private readonly stores: readonly Keyv[];
  /** From the last to the first: the tiers in front must not show what the one behind them refused. */
  private readonly storesToWrite: readonly Keyv[];
  private readonly failures = { count: 0, last: undefined as unknown };
  private readonly onError = (error: unknown): void => {
    this.failures.count++;
    this.failures.last = error;
  };

  /** @param timeout `null` for a cache that answers by itself, in this process */
  constructor(
    private readonly cache: Cache,
    private readonly timeout: CacheTimeout | null = null,
  ) {
    this.stores = Array.isArray(cache.stores) ? cache.stores : [];
    this.storesToWrite = this.stores.toReversed();
    for (const store of this.stores) store.on('error', this.onError);
  }

  get(key: string): Promise<unknown> {
    return this.guard('read', async () => {
      if (this.stores.length === 0) return this.cache.get(key);
      for (const store of this.stores) {
        const value = await read(store, key);
        if (value !== undefined && value !== null) return value;
      }
      return undefined;
    });
  }

  set(key: string, value: unknown, ttlMs: number): Promise<void> {
    return this.guard('write', async () => {
      if (this.stores.length === 0) await this.cache.set(key, value, ttlMs);
      for (const store of this.storesToWrite) {
        if (!(await store.set(key, value, ttlMs))) throw new Error('The cache refused a value.');
      }
    });
  }

  delete(key: string): Promise<void> {
    return this.guard('delete', async () => {
      if (this.stores.length === 0) await this.cache.del(key);
      for (const store of this.storesToWrite) {
        // `false` stands for "there was none" as well as for "it failed".
        if (!(await store.delete(key)) && (await read(store, key)) !== undefined) {
          throw new Error('The cache kept a value that was to be deleted.');
        }
      }
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
      value = await (this.timeout === null ? run() : answerInTime(run(), this.timeout));
    } catch (cause) {
      throw new StoreUnavailableError(operation, { cause });
    }
    if (this.failures.count !== before) throw new StoreUnavailableError(operation, { cause: this.failures.last });
    return value;
  }
}

async function answerInTime<Value>(work: Promise<Value>, { clock, timeoutMs }: CacheTimeout): Promise<Value> {
  const value = await inTime(clock, timeoutMs, work);
  if (value === LATE) throw new TimeoutError('The cache', timeoutMs);
  return value;
}

/** Keyv's `get` swallows what an adapter throws; its `getRaw`, which came with 5.5, passes it on, as `get` did before. */
async function read(store: Partial<Pick<Keyv, 'getRaw'>> & Pick<Keyv, 'get'>, key: string): Promise<unknown> {
  const raw = store.getRaw === undefined ? await store.get<unknown>(key, { raw: true }) : await store.getRaw(key);
  return raw?.value;
}

const MEMORY_STORES = new Set(['CacheableMemory', 'KeyvCacheableMemory']);

/** Whether every value of the cache stays in this process: in a `Map`, or in the memory store that Nest's guide shows. */
export function isInMemory(cache: Cache): boolean {
  if (!Array.isArray(cache.stores) || cache.stores.length === 0) return false;
  return cache.stores.every(({ store }: { store?: object }) => {
    if (store === undefined || store === null) return false;
    // A subclass of Map may keep its values anywhere. The others by name: a check by class would need a dependency on a package that
    // most applications do not have.
    return Object.getPrototypeOf(store) === Map.prototype || MEMORY_STORES.has(store.constructor.name);
  });
}
