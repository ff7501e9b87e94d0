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
import { readRecord, toConnection, type ConnectionRecord } from './connection-record.js';
import { KeyedLock } from './keyed-lock.js';
import type { OutageAwareCache } from './outage-aware.cache.js';
import { SharedLists } from './shared-list.js';

const TOMBSTONE_MS = 60_000;

/**
 * Connections of a cache outside this process that knows no atomic step but get and set. Right as long as one process writes: its
 * operations on one connection run one after another, and so do those on one list.
 *
 * A connection's record is the truth, and writing or deleting it is the step that counts: what is gained is listed before it, what is
 * given up is taken off its lists after it, and readers ignore a listed id whose record is missing or does not name the list. So a
 * crash or an outage between two steps is harmless. Readers repair nothing, for other processes may read.
 */
export class SharedConnectionStore extends ConnectionStore {
  private readonly lists: SharedLists;
  private readonly lock = new KeyedLock();

  constructor(
    private readonly cache: OutageAwareCache,
    private readonly keys: CacheKeys,
    private readonly clock: Clock,
    private readonly expireAfterMs: number,
  ) {
    super();
    this.lists = new SharedLists(cache, expireAfterMs);
  }

  add(connection: Connection): Promise<boolean> {
    return this.lock.run(connection.connectionId, async () => {
      if ((await this.read(connection.connectionId)) !== undefined) return false;
      await this.insert(connection);
      return true;
    });
  }

  ensure(connection: Connection): Promise<EnsureResult> {
    const { connectionId } = connection;
    return this.lock.run(connectionId, async () => {
      if ((await this.read(connectionId)) !== undefined) return 'present';
      if (await this.wasJustRemoved(connectionId)) return 'removed';
      await this.insert(connection);
      return 'restored';
    });
  }

  remove(connectionId: string): Promise<Connection | null> {
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored === undefined) {
        // Still listed, it has expired, or its registration or removal was cut short; nothing says which channels it was in.
        if (await this.lists.remove(this.keys.connections, connectionId)) {
          for (const channel of await this.lists.read(this.keys.channels)) await this.dropMember(channel, connectionId);
        }
        return null;
      }
      await this.cache.set(this.keys.removed(connectionId), this.clock.now(), TOMBSTONE_MS);
      await this.cache.delete(this.keys.connection(connectionId));
      // Removed it is, even if an outage should leave it listed: the caller is the one who learns of it.
      await Promise.allSettled([
        this.lists.remove(this.keys.connections, connectionId),
        ...(stored.userId === null ? [] : [this.lists.remove(this.keys.user(stored.userId), connectionId)]),
        ...stored.channels.map((channel) => this.dropMember(channel, connectionId)),
      ]);
      return toConnection(stored);
    });
  }

  async findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    const connections: (Connection | null)[] = [];
    for (const page of pagesOf(connectionIds)) {
      for (const stored of await this.readAll(page)) {
        connections.push(stored === undefined ? null : toConnection(stored));
      }
    }
    return connections;
  }

  async join(connectionId: string, channel: string, limits: JoinLimits = {}): Promise<JoinResult> {
    const result = await this.tryJoin(connectionId, channel, limits);
    // Members that have expired may still be listed; without them there may be room.
    if (result !== 'full' || !(await this.prune(channel))) return result;
    return this.tryJoin(connectionId, channel, limits);
  }

  leave(connectionId: string, channel: string): Promise<LeaveResult> {
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored === undefined) return 'unknown-connection';
      if (!stored.channels.includes(channel)) return 'not-a-member';
      await this.write({ ...stored, channels: stored.channels.filter((name) => name !== channel) });
      await Promise.allSettled([this.dropMember(channel, connectionId)]);
      return 'left';
    });
  }

  touch(connectionId: string, seenAt: number): Promise<void> {
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored === undefined) return;
      const { userId, channels } = stored;
      // The lists it is in have to live as long as it does.
      await Promise.all([
        this.list(connectionId, userId),
        ...channels.map((channel) => this.lists.keep(this.keys.channel(channel), connectionId)),
        ...channels.map((channel) => this.lists.keep(this.keys.channels, channel)),
      ]);
      const expiresAt = this.clock.now() + this.expireAfterMs;
      await this.write({ ...stored, seenAt: Math.max(seenAtOf(stored), seenAt), expiresAt });
    });
  }

  connections(): AsyncIterable<readonly string[]> {
    return this.confirmed(this.keys.connections, () => true);
  }

  members(channel: string): AsyncIterable<readonly string[]> {
    return this.confirmed(this.keys.channel(channel), ({ channels }) => channels.includes(channel));
  }

  async connectionsOfUser(userId: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const page of this.confirmed(this.keys.user(userId), (stored) => stored.userId === userId))
      ids.push(...page);
    return ids;
  }

  async *staleBefore(instant: number): AsyncIterable<readonly string[]> {
    for (const page of pagesOf(await this.lists.read(this.keys.connections))) {
      const stored = await this.readAll(page);
      yield page.filter((_, index) => seenAtOf(stored[index]) < instant);
    }
  }

  async *channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    for (const page of pagesOf(await this.lists.read(this.keys.channels))) {
      const occupancies: ChannelOccupancy[] = [];
      for (const channel of page) {
        const members = await countOf(this.members(channel));
        if (members > 0) occupancies.push({ channel, members });
      }
      yield occupancies;
    }
  }

  countConnections(): Promise<number> {
    return countOf(this.connections());
  }

  override async close(): Promise<void> {
    this.cache.close();
  }

  private async read(connectionId: string): Promise<ConnectionRecord | undefined> {
    const stored = readRecord(connectionId, await this.cache.get(this.keys.connection(connectionId)));
    return stored === undefined || (stored.expiresAt ?? Infinity) <= this.clock.now() ? undefined : stored;
  }

  private readAll(connectionIds: readonly string[]): Promise<(ConnectionRecord | undefined)[]> {
    return Promise.all(connectionIds.map((connectionId) => this.read(connectionId)));
  }

  /** Writes a record that expires when it would have, or in full time when it has no expiry yet. */
  private async write(record: ConnectionRecord): Promise<void> {
    const now = this.clock.now();
    const { expiresAt = now + this.expireAfterMs } = record;
    await this.cache.set(
      this.keys.connection(record.connectionId),
      { ...record, expiresAt },
      Math.max(1, expiresAt - now),
    );
  }

  private async insert(connection: Connection): Promise<void> {
    await this.list(connection.connectionId, connection.userId);
    await this.write({ ...connection, channels: [] });
  }

  private async list(connectionId: string, userId: string | null): Promise<void> {
    await Promise.all([
      this.lists.keep(this.keys.connections, connectionId),
      ...(userId === null ? [] : [this.lists.keep(this.keys.user(userId), connectionId)]),
    ]);
  }

  private async wasJustRemoved(connectionId: string): Promise<boolean> {
    const removedAt = await this.cache.get(this.keys.removed(connectionId));
    return typeof removedAt === 'number' && removedAt + TOMBSTONE_MS > this.clock.now();
  }

  private tryJoin(connectionId: string, channel: string, limits: JoinLimits): Promise<JoinResult> {
    const { maxChannels = Infinity, maxMembers = Infinity } = limits;
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored === undefined) return 'unknown-connection';
      if (stored.channels.includes(channel)) return 'already';
      if (stored.channels.length >= maxChannels) return 'limit';
      const isMember = await this.lists.change(
        this.keys.channel(channel),
        (ids) => ids.has(connectionId) || (ids.size < maxMembers && ids.add(connectionId).size > 0),
      );
      if (!isMember) return 'full';
      await this.lists.add(this.keys.channels, channel);
      await this.write({ ...stored, channels: [...stored.channels, channel] });
      return 'joined';
    });
  }

  /** Takes ids off a channel whose records are gone or do not name it. Resolves whether there were any. */
  private async prune(channel: string): Promise<boolean> {
    const listed = await this.lists.read(this.keys.channel(channel));
    const confirmed = new Set<string>();
    for await (const page of this.members(channel)) for (const connectionId of page) confirmed.add(connectionId);
    const removals = listed
      .filter((connectionId) => !confirmed.has(connectionId))
      .map((connectionId) =>
        // A join that is under way lists its member before the record names the channel; behind the lock it is over.
        this.lock.run(connectionId, async () => {
          const stored = await this.read(connectionId);
          if (stored?.channels.includes(channel) === true) return false;
          return this.lists.remove(this.keys.channel(channel), connectionId);
        }),
      );
    return (await Promise.all(removals)).includes(true);
  }

  private async dropMember(channel: string, connectionId: string): Promise<void> {
    const key = this.keys.channel(channel);
    await this.lists.remove(key, connectionId);
    if ((await this.lists.read(key)).length > 0) return;
    await this.lists.remove(this.keys.channels, channel);
    // A join lists its member before its channel: if one came in between, its channel is put back.
    if ((await this.lists.read(key)).length > 0) await this.lists.add(this.keys.channels, channel);
  }

  /** The ids of a list whose records agree that they belong there. */
  private async *confirmed(
    key: string,
    belongs: (stored: ConnectionRecord) => boolean,
  ): AsyncIterable<readonly string[]> {
    for (const page of pagesOf(await this.lists.read(key))) {
      const stored = await this.readAll(page);
      yield page.filter((_, index) => stored[index] !== undefined && belongs(stored[index]));
    }
  }
}

async function countOf(pages: AsyncIterable<readonly string[]>): Promise<number> {
  let count = 0;
  for await (const page of pages) count += page.length;
  return count;
}

/** `-Infinity` without a record: the sweep is to take such an id off the lists. */
function seenAtOf(stored: ConnectionRecord | undefined): number {
  return stored === undefined ? -Infinity : (stored.seenAt ?? stored.connectedAt);
}
