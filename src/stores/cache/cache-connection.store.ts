import type { Cache } from 'cache-manager';
import { SystemClock, type Clock } from '../../contracts/clock.js';
import type { Connection } from '../../contracts/connection.js';
import {
  ConnectionStore,
  type ChannelOccupancy,
  type EnsureResult,
  type JoinLimits,
  type JoinResult,
  type LeaveResult,
} from '../../contracts/connection.store.js';
import { CacheKeys } from './cache-key.js';
import { isInMemory, OutageAwareCache } from './outage-aware.cache.js';
import { ProcessConnectionStore } from './process-connection.store.js';
import { SharedConnectionStore } from './shared-connection.store.js';

/** What {@link CacheConnectionStore} does unless it is told otherwise. */
export const CACHE_STORE_DEFAULTS = Object.freeze({
  keyPrefix: 'websocket:',
  expireAfterSeconds: 90_000,
  timeoutMs: 3_000,
});

/** How {@link CacheConnectionStore} keeps its state. */
export interface CacheConnectionStoreOptions {
  /** What every key starts with. @default 'websocket:' */
  readonly keyPrefix?: string;
  /** When a record that nothing has touched disappears by itself. @default 90_000 (25 hours) */
  readonly expireAfterSeconds?: number;
  /** How long one request to a cache outside this process may take, in milliseconds. @default 3_000 */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Told once which kind of cache was found. */
  readonly onOpen?: (kind: 'in-memory' | 'shared') => void;
}

/**
 * Keeps connections in a cache-manager cache, in the layout of laravel-bref/websocket: `websocket:connections`,
 * `websocket:connection:{id}`, `websocket:channels:{channel}`, with `websocket:users:{userId}` and `websocket:channels` beside them.
 *
 * One store may write to a cache, hence one process. Where the cache lives in that process, the store's sets are the truth and the cache
 * follows; any other cache is read, changed and written back. Failures of the cache reject with `StoreUnavailableError`.
 *
 * @example
 * const store = new CacheConnectionStore(createCache());
 */
export class CacheConnectionStore extends ConnectionStore {
  private opened: ConnectionStore | undefined;

  /** @param cache the cache, or what finds it at the first operation */
  constructor(
    private readonly cache: Cache | (() => Cache),
    private readonly options: CacheConnectionStoreOptions = {},
  ) {
    super();
  }

  add(connection: Connection): Promise<boolean> {
    return this.store.add(connection);
  }

  ensure(connection: Connection): Promise<EnsureResult> {
    return this.store.ensure(connection);
  }

  remove(connectionId: string): Promise<Connection | null> {
    return this.store.remove(connectionId);
  }

  findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    return this.store.findMany(connectionIds);
  }

  join(connectionId: string, channel: string, limits?: JoinLimits): Promise<JoinResult> {
    return this.store.join(connectionId, channel, limits);
  }

  leave(connectionId: string, channel: string): Promise<LeaveResult> {
    return this.store.leave(connectionId, channel);
  }

  touch(connectionId: string, seenAt: number): Promise<void> {
    return this.store.touch(connectionId, seenAt);
  }

  connections(): AsyncIterable<readonly string[]> {
    return this.store.connections();
  }

  members(channel: string): AsyncIterable<readonly string[]> {
    return this.store.members(channel);
  }

  connectionsOfUser(userId: string): Promise<string[]> {
    return this.store.connectionsOfUser(userId);
  }

  staleBefore(instant: number): AsyncIterable<readonly string[]> {
    return this.store.staleBefore(instant);
  }

  channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    return this.store.channels();
  }

  countConnections(): Promise<number> {
    return this.store.countConnections();
  }

  override async close(): Promise<void> {
    await this.opened?.close();
  }

  private get store(): ConnectionStore {
    return (this.opened ??= this.open());
  }

  private open(): ConnectionStore {
    const { clock = new SystemClock(), onOpen } = this.options;
    const {
      keyPrefix = CACHE_STORE_DEFAULTS.keyPrefix,
      expireAfterSeconds = CACHE_STORE_DEFAULTS.expireAfterSeconds,
      timeoutMs = CACHE_STORE_DEFAULTS.timeoutMs,
    } = this.options;
    const cache = typeof this.cache === 'function' ? this.cache() : this.cache;
    const keys = new CacheKeys(keyPrefix);
    const expireAfterMs = expireAfterSeconds * 1_000;
    const inMemory = isInMemory(cache);
    onOpen?.(inMemory ? 'in-memory' : 'shared');
    return inMemory
      ? new ProcessConnectionStore(new OutageAwareCache(cache), keys, clock, expireAfterMs)
      : new SharedConnectionStore(new OutageAwareCache(cache, { clock, timeoutMs }), keys, clock, expireAfterMs);
  }
}
