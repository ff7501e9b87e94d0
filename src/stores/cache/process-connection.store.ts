import type { Clock } from '../../contracts/clock.js';
import type { Connection } from '../../contracts/connection.js';
import {
  ConnectionStore,
  type ChannelOccupancy,
  type EnsureResult,
  type JoinLimits,
  type JoinResult,
  type LeaveResult,
} from '../../contracts/connection.store.js';
import { pagesOf } from '../page.js';
import type { CacheKeys } from './cache-key.js';
import type { ChannelMemberships, LeaveListener } from './channel.memberships.js';
import { CacheMirror } from './cache-mirror.js';
import { readIds, readRecord, toConnection } from './connection-record.js';
import { MemoryState } from './memory.state.js';
import type { OutageAwareCache } from './outage-aware.cache.js';

/**
 * Connections of a cache that lives in this process. The process's own sets are the truth, and the cache's arrays follow them. What
 * an earlier application left in the same cache is taken over at the first operation.
 */
export class ProcessConnectionStore extends ConnectionStore implements ChannelMemberships {
  private readonly mirror: CacheMirror;
  private readonly state: MemoryState;
  private readonly leaveListeners: LeaveListener[] = [];
  private loading: Promise<void> | undefined;
  private isLoaded = false;

  constructor(
    private readonly cache: OutageAwareCache,
    private readonly keys: CacheKeys,
    private readonly clock: Clock,
    expireAfterMs: number,
  ) {
    super();
    this.mirror = new CacheMirror(cache, keys, clock, expireAfterMs);
    this.state = new MemoryState(this.mirror, expireAfterMs, (connectionId, channel) => {
      for (const listener of this.leaveListeners) listener(connectionId, channel);
    });
  }

  async add(connection: Connection): Promise<boolean> {
    if (!this.isLoaded) await this.load();
    const result = this.state.add(connection, this.clock.now());
    try {
      await this.mirror.settle();
    } catch (error) {
      if (result) this.state.remove(connection.connectionId, this.clock.now());
      throw error;
    }
    return result;
  }

  async ensure(connection: Connection): Promise<EnsureResult> {
    if (!this.isLoaded) await this.load();
    const result = this.state.ensure(connection, this.clock.now());
    if (result === 'restored') await this.mirror.settle();
    return result;
  }

  async remove(connectionId: string): Promise<Connection | null> {
    if (!this.isLoaded) await this.load();
    const result = this.state.remove(connectionId, this.clock.now());
    await this.mirror.settle();
    return result;
  }

  async findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    await this.refresh();
    return connectionIds.map((connectionId) => this.state.find(connectionId));
  }

  async whileIn(connectionId: string, channel: string, step: () => void): Promise<boolean> {
    await this.refresh();
    if (this.state.find(connectionId)?.channels.includes(channel) !== true) return false;
    step();
    return true;
  }

  observeLeaving(listener: LeaveListener): boolean {
    this.leaveListeners.push(listener);
    return true;
  }

  async join(connectionId: string, channel: string, limits: JoinLimits = {}): Promise<JoinResult> {
    if (!this.isLoaded) await this.load();
    const result = this.state.join(connectionId, channel, limits, this.clock.now());
    await this.mirror.settle();
    return result;
  }

  async leave(connectionId: string, channel: string): Promise<LeaveResult> {
    if (!this.isLoaded) await this.load();
    const result = this.state.leave(connectionId, channel, this.clock.now());
    await this.mirror.settle();
    return result;
  }

  async touch(connectionId: string, seenAt: number): Promise<void> {
    if (!this.isLoaded) await this.load();
    this.state.touch(connectionId, seenAt, this.clock.now());
    await this.mirror.settle();
  }

  async *connections(): AsyncIterable<readonly string[]> {
    await this.refresh();
    yield* pagesOf(this.state.connectionIds());
  }

  async *members(channel: string): AsyncIterable<readonly string[]> {
    await this.refresh();
    yield* pagesOf(this.state.memberIds(channel));
  }

  async connectionsOfUser(userId: string): Promise<string[]> {
    await this.refresh();
    return this.state.idsOfUser(userId);
  }

  async *staleBefore(instant: number): AsyncIterable<readonly string[]> {
    await this.refresh();
    yield* pagesOf(this.state.idsSeenBefore(instant));
  }

  async *channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    await this.refresh();
    yield* pagesOf(this.state.occupancies());
  }

  async countConnections(): Promise<number> {
    await this.refresh();
    return this.state.size;
  }

  override async close(): Promise<void> {
    try {
      await this.mirror.close();
    } finally {
      this.cache.close();
    }
  }

  private async refresh(): Promise<void> {
    if (!this.isLoaded) await this.load();
    this.state.expire(this.clock.now());
  }

  private load(): Promise<void> {
    return (this.loading ??= this.takeOver().then(
      () => void (this.isLoaded = true),
      (error: unknown) => {
        this.loading = undefined;
        throw error;
      },
    ));
  }

  private async takeOver(): Promise<void> {
    const now = this.clock.now();
    for (const connectionId of readIds(await this.cache.get(this.keys.connections))) {
      const record = readRecord(connectionId, await this.cache.get(this.keys.connection(connectionId)));
      if (record === undefined) continue;
      this.state.add(toConnection(record), now);
      for (const channel of record.channels) this.state.join(connectionId, channel, {}, now);
    }
  }
}
