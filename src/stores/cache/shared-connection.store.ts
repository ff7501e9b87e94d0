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
import { countOf, pagesOf } from '../page.js';
import { TOMBSTONE_MS } from '../tombstone.js';
import type { CacheKeys } from './cache-key.js';
import type { ChannelMemberships } from './channel.memberships.js';
import {
  isAlive,
  isIn,
  isOf,
  readRecord,
  seenAtOf,
  toConnection,
  type ConnectionRecord,
  type Criterion,
} from './connection-record.js';
import { KeyedLock } from './keyed-lock.js';
import type { OutageAwareCache } from './outage-aware.cache.js';
import { SharedLists } from './shared-list.js';

/** How many channels are counted at a time. */
const CHANNELS_AT_ONCE = 32;

/** How many of a user's oldest ids a connect checks: more than the one it adds, so that the list shrinks to those that are alive. */
const OLDEST_CHECKED = 8;

/**
 * Connections of a cache outside this process that knows no atomic step but get and set. Right as long as one process writes: its
 * operations on one connection run one after another, and so do those on one list.
 *
 * A connection's record is the truth, and writing or deleting it is the step that counts: what is gained is listed before it, what is
 * given up is taken off its lists after it, and readers ignore a listed id whose record is missing or does not name the list. So a
 * crash or an outage between two steps is harmless. Readers repair nothing, for other processes may read.
 */
export class SharedConnectionStore extends ConnectionStore implements ChannelMemberships {
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

  async add(connection: Connection): Promise<boolean> {
    const { connectionId, userId } = connection;
    const isAdded = await this.lock.run(connectionId, async () => {
      if ((await this.read(connectionId)) !== undefined) return false;
      try {
        await this.insert(connection);
      } catch (error) {
        // What failed may have been written all the same. Should this fail, too, the record expires by itself.
        await this.cache.delete(this.keys.connection(connectionId)).catch(() => undefined);
        throw error;
      }
      return true;
    });
    // Added it is, even if an outage should leave ids on the list that readers see through.
    if (isAdded && userId !== null) await Promise.allSettled([this.pruneUser(userId)]);
    return isAdded;
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
      const found = await this.readAll(page);
      connections.push(...found.map((stored) => (stored === undefined ? null : toConnection(stored))));
    }
    return connections;
  }

  /** Whoever takes it out of the channel waits behind the lock. */
  whileIn(connectionId: string, channel: string, step: () => void): Promise<boolean> {
    return this.lock.run(connectionId, async () => {
      if (!isIn(channel)(await this.read(connectionId))) return false;
      step();
      return true;
    });
  }

  async join(connectionId: string, channel: string, limits: JoinLimits = {}): Promise<JoinResult> {
    const result = await this.tryJoin(connectionId, channel, limits);
    // Members that have expired may still be listed; without them there may be room.
    if (result !== 'full' || !(await this.pruneChannel(channel))) return result;
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
    return this.confirmed(this.keys.connections, isAlive);
  }

  members(channel: string): AsyncIterable<readonly string[]> {
    return this.confirmed(this.keys.channel(channel), isIn(channel));
  }

  async connectionsOfUser(userId: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const page of this.confirmed(this.keys.user(userId), isOf(userId))) ids.push(...page);
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
      for (const some of pagesOf(page, CHANNELS_AT_ONCE)) {
        const counted = some.map(async (channel) => ({ channel, members: await countOf(this.members(channel)) }));
        occupancies.push(...(await Promise.all(counted)));
      }
      yield occupancies.filter(({ members }) => members > 0);
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
      // Also when the channel was there before: the list of channels has to live as long as this member.
      await this.lists.keep(this.keys.channels, channel);
      await this.write({ ...stored, channels: [...stored.channels, channel] });
      return 'joined';
    });
  }

  private async pruneChannel(channel: string): Promise<boolean> {
    const key = this.keys.channel(channel);
    return this.prune(key, await this.lists.read(key), isIn(channel));
  }

  /** Without it, a user who connects often would keep every id for ever, since each connect renews the list. */
  private async pruneUser(userId: string): Promise<void> {
    const key = this.keys.user(userId);
    // What has expired was renewed before anything that is alive, and so stands in front of it.
    const oldest = (await this.lists.read(key)).slice(0, OLDEST_CHECKED);
    await this.prune(key, oldest, isOf(userId));
  }

  /** Takes those ids off a list whose records are gone or do not belong there. Resolves whether there were any. */
  private async prune(key: string, connectionIds: readonly string[], belongs: Criterion): Promise<boolean> {
    const strays: string[] = [];
    for (const page of pagesOf(connectionIds)) {
      const stored = await this.readAll(page);
      strays.push(...page.filter((_, index) => !belongs(stored[index])));
    }
    const removals = strays.map((connectionId) =>
      // An operation that is under way lists its connection before it writes the record; behind the lock it is over.
      this.lock.run(connectionId, async () =>
        belongs(await this.read(connectionId)) ? false : this.lists.remove(key, connectionId),
      ),
    );
    return (await Promise.all(removals)).includes(true);
  }

  private async dropMember(channel: string, connectionId: string): Promise<void> {
    const key = this.keys.channel(channel);
    await this.lists.remove(key, connectionId);
    if ((await this.lists.read(key)).length > 0) return;
    await this.lists.remove(this.keys.channels, channel);
    // A join lists its member before its channel: if one came in between, its channel is put back.
    if ((await this.lists.read(key)).length > 0) await this.lists.keep(this.keys.channels, channel);
  }

  /** The ids of a list whose records agree that they belong there. */
  private async *confirmed(key: string, belongs: Criterion): AsyncIterable<readonly string[]> {
    for (const page of pagesOf(await this.lists.read(key))) {
      const stored = await this.readAll(page);
      yield page.filter((_, index) => belongs(stored[index]));
    }
  }
}
