import type { CancelTask, Clock } from '../../contracts/clock.js';
import type { CacheKeys } from './cache-key.js';
import type { MemoryState, StateObserver } from './memory.state.js';
import type { OutageAwareCache } from './outage-aware.cache.js';

/** Longer lists are written at most once per {@link COALESCE_MS}: writing one copies all of it. */
const SHORT_LIST = 1_000;
const COALESCE_MS = 50;

/** What a list in the cache is written from. */
interface List {
  readonly key: string;
  readonly size: () => number;
  readonly ids: () => Iterable<string>;
}

/**
 * Keeps the values in the cache the same as the sets in memory, in the layout that `cache-key.ts` describes. A list follows at once
 * while it is short, and within 50 ms when it is long, so that a connect costs the same with twenty thousand connected as with one.
 */
export class CacheMirror implements StateObserver {
  private readonly changedRecords = new Set<string>();
  private readonly changedLists = new Map<string, List>();
  /** Long lists that wait for the timer, and the keys of those whose time has come. */
  private readonly longLists = new Map<string, List>();
  private readonly due = new Set<string>();
  private cancelFlush: CancelTask | undefined;
  /** The batch being written. One at a time, for a delete must not overtake the write that came before it. */
  private writing: Promise<void> = Promise.resolve();
  /** The batch that collects what changes meanwhile. */
  private next: Promise<void> | undefined;
  state!: MemoryState;

  constructor(
    private readonly cache: OutageAwareCache,
    private readonly keys: CacheKeys,
    private readonly clock: Clock,
    private readonly expireAfterMs: number,
  ) {}

  connectionChanged(connectionId: string): void {
    this.changedRecords.add(connectionId);
  }

  connectionsChanged(): void {
    this.mark(
      this.keys.connections,
      () => this.state.size,
      () => this.state.connectionIds(),
    );
  }

  channelChanged(channel: string): void {
    this.mark(
      this.keys.channel(channel),
      () => this.state.memberCount(channel),
      () => this.state.memberIds(channel),
    );
  }

  channelsChanged(): void {
    this.mark(
      this.keys.channels,
      () => this.state.channelCount,
      () => this.state.channelNames(),
    );
  }

  userChanged(userId: string): void {
    this.mark(
      this.keys.user(userId),
      () => this.state.userConnectionCount(userId),
      () => this.state.userConnectionIds(userId),
    );
  }

  /** Resolves once the cache shows every change so far, but for long lists, which follow within 50 ms. */
  settle(): Promise<void> {
    if (this.changedRecords.size === 0 && this.changedLists.size === 0) return this.writing;
    if (this.next === undefined) {
      this.next = this.writing.catch(ignore).then(() => this.writeBatch());
      // Whoever settles is told of a failure; the chain itself goes on.
      this.writing = this.next;
      this.next.catch(ignore);
    }
    return this.next;
  }

  /** Writes what is still waiting and stops the timer. */
  async close(): Promise<void> {
    await this.settle();
    await this.flushLongLists();
  }

  private mark(key: string, size: () => number, ids: () => Iterable<string>): void {
    this.changedLists.set(key, { key, size, ids });
  }

  private async writeBatch(): Promise<void> {
    this.next = undefined;
    const writes: Promise<void>[] = [...this.changedRecords].map((connectionId) => this.writeRecord(connectionId));
    for (const list of this.changedLists.values()) {
      if (list.size() <= SHORT_LIST || this.due.delete(list.key)) writes.push(this.writeList(list));
      else this.postpone(list);
    }
    this.changedRecords.clear();
    this.changedLists.clear();
    await Promise.all(writes);
  }

  private postpone(list: List): void {
    this.longLists.set(list.key, list);
    this.cancelFlush ??= this.clock.after(COALESCE_MS, () => void this.flushLongLists().catch(ignore));
  }

  private flushLongLists(): Promise<void> {
    this.cancelFlush?.();
    this.cancelFlush = undefined;
    for (const list of this.longLists.values()) {
      this.changedLists.set(list.key, list);
      this.due.add(list.key);
    }
    this.longLists.clear();
    return this.settle();
  }

  private async writeRecord(connectionId: string): Promise<void> {
    const now = this.clock.now();
    const key = this.keys.connection(connectionId);
    const connection = this.state.find(connectionId, now);
    if (connection === null) await this.cache.delete(key);
    else await this.cache.set(key, connection, this.state.expiresAt(connectionId) - now);
  }

  private async writeList({ key, size, ids }: List): Promise<void> {
    if (size() === 0) await this.cache.delete(key);
    else await this.cache.set(key, [...ids()], this.expireAfterMs);
  }
}

function ignore(): void {}
