import type { CancelTask, Clock } from '../../contracts/clock.js';
import type { CacheKeys } from './cache-key.js';
import type { IdView, MemoryRecord, StateObserver } from './memory.state.js';
import type { OutageAwareCache } from './outage-aware.cache.js';

/** Longer lists are written at most once per {@link COALESCE_MS}: writing one copies all of it. */
const SHORT_LIST = 1_000;
const COALESCE_MS = 50;

/** More would only fill the memory with promises, which the garbage collector copies about while they wait. */
const WRITES_AT_ONCE = 256;

/**
 * Keeps the values in the cache the same as the sets in memory, in the layout that `cache-key.ts` describes. A list follows at once
 * while it is short, and within 50 ms when it is long, so that a connect costs the same with twenty thousand connected as with one.
 */
export class CacheMirror implements StateObserver {
  /** What the cache does not show yet, by connection id and by key. */
  private records = new Map<string, MemoryRecord | null>();
  private lists = new Map<string, IdView>();
  /** The long lists among it, which wait for the timer. */
  private longLists = new Map<string, IdView>();
  private isFlushing = false;
  private cancelFlush: CancelTask | undefined;
  /** The end of the batch being written; never rejects. One at a time, because a delete must not overtake the write that came before it. */
  private written: Promise<void> = Promise.resolve();
  /** The batch that collects what changes meanwhile. */
  private next: Promise<void> | undefined;

  constructor(
    private readonly cache: OutageAwareCache,
    private readonly keys: CacheKeys,
    private readonly clock: Clock,
    private readonly expireAfterMs: number,
  ) {}

  recordChanged(connectionId: string, record: MemoryRecord | null): void {
    this.records.set(connectionId, record);
  }

  connectionsChanged(ids: IdView): void {
    this.lists.set(this.keys.connections, ids);
  }

  channelsChanged(names: IdView): void {
    this.lists.set(this.keys.channels, names);
  }

  channelChanged(channel: string, ids: IdView): void {
    this.lists.set(this.keys.channel(channel), ids);
  }

  userChanged(userId: string, ids: IdView): void {
    this.lists.set(this.keys.user(userId), ids);
  }

  /** Resolves once the cache shows every change so far, but for long lists, which follow within 50 ms. What fails is tried again. */
  settle(): Promise<void> {
    if (this.next === undefined) {
      if (this.records.size === 0 && this.lists.size === 0) return this.written;
      this.next = this.written.then(() => this.writeBatch());
      this.written = this.next.catch(ignore);
    }
    return this.next;
  }

  /** Writes what is still waiting and stops the timer. */
  close(): Promise<void> {
    return this.flush();
  }

  private flush(): Promise<void> {
    this.cancelFlush?.();
    this.cancelFlush = undefined;
    this.isFlushing = true;
    this.lists = new Map([...this.longLists, ...this.lists]);
    this.longLists.clear();
    return this.settle();
  }

  private async writeBatch(): Promise<void> {
    const { records, lists, isFlushing } = this;
    this.next = undefined;
    this.records = new Map();
    this.lists = new Map();
    this.isFlushing = false;
    const failures: unknown[] = [];
    let writes: Promise<void>[] = [];
    for (const write of this.writes(records, lists, isFlushing)) {
      // All of them, even after one has failed: the next batch must not start before this one's writes are over.
      if (writes.push(write.catch((error: unknown) => void failures.push(error))) < WRITES_AT_ONCE) continue;
      await Promise.all(writes);
      writes = [];
    }
    await Promise.all(writes);
    if (failures.length > 0) throw failures[0];
  }

  /** Starts one write after another, each when it is asked for. */
  private *writes(
    records: ReadonlyMap<string, MemoryRecord | null>,
    lists: ReadonlyMap<string, IdView>,
    isFlushing: boolean,
  ): Generator<Promise<void>> {
    for (const [connectionId, record] of records) yield this.writeRecord(connectionId, record);
    for (const [key, ids] of lists) {
      if (ids.size <= SHORT_LIST || isFlushing) yield this.writeList(key, ids);
      else this.postpone(key, ids);
    }
  }

  private postpone(key: string, ids: IdView): void {
    this.longLists.set(key, ids);
    this.cancelFlush ??= this.clock.after(COALESCE_MS, () => void this.flush().catch(ignore));
  }

  private async writeRecord(connectionId: string, record: MemoryRecord | null): Promise<void> {
    const key = this.keys.connection(connectionId);
    try {
      if (record === null) await this.cache.delete(key);
      else await this.cache.set(key, record.connection, Math.max(1, record.expiresAt - this.clock.now()));
    } catch (error) {
      if (!this.records.has(connectionId)) this.records.set(connectionId, record);
      throw error;
    }
  }

  private async writeList(key: string, ids: IdView): Promise<void> {
    this.longLists.delete(key);
    try {
      if (ids.size === 0) await this.cache.delete(key);
      else await this.cache.set(key, [...ids.keys()], this.expireAfterMs);
    } catch (error) {
      if (!this.lists.has(key)) this.lists.set(key, ids);
      throw error;
    }
  }
}

function ignore(): void {}
