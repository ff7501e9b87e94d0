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
import { KeyedLock } from './keyed-lock.js';
import type { OutageAwareCache } from './outage-aware.cache.js';
import { SharedLists } from './shared-list.js';

/** A connection as it stands in the cache. */
interface StoredConnection extends Connection {
  /** When it was last known to be alive, once that is later than `connectedAt`. */
  readonly seenAt?: number;
}

const TOMBSTONE_MS = 60_000;

/**
 * Connections of a cache outside this process that knows no atomic step but get and set. Right as long as one process writes: its
 * operations on one connection run one after another, and so do those on one list.
 *
 * Order makes a crash between two steps harmless: a connection's record is the truth, deleted before the connection is taken off its
 * lists, and readers ignore a listed id whose record is missing or does not name the list.
 */
export class SharedConnectionStore extends ConnectionStore {
  private readonly lists: SharedLists;
  private readonly lock = new KeyedLock();

  constructor(
    private readonly cache: OutageAwareCache,
    private readonly keys: CacheKeys,
    private readonly expireAfterMs: number,
  ) {
    super();
    this.lists = new SharedLists(cache, expireAfterMs);
  }

  add(connection: Connection): Promise<boolean> {
    return this.lock.run(connection.connectionId, async () => {
      if ((await this.read(connection.connectionId)) !== undefined) return false;
      await this.cache.delete(this.keys.removed(connection.connectionId));
      await this.insert(connection);
      return true;
    });
  }

  ensure(connection: Connection): Promise<EnsureResult> {
    const { connectionId } = connection;
    return this.lock.run(connectionId, async () => {
      if ((await this.read(connectionId)) !== undefined) return 'present';
      if ((await this.cache.get(this.keys.removed(connectionId))) !== undefined) return 'removed';
      await this.insert(connection);
      return 'restored';
    });
  }

  remove(connectionId: string): Promise<Connection | null> {
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored === undefined) {
        // A crash in the middle of an earlier removal may have left it listed.
        await this.lists.remove(this.keys.connections, connectionId);
        return null;
      }
      await this.cache.set(this.keys.removed(connectionId), true, TOMBSTONE_MS);
      await this.cache.delete(this.keys.connection(connectionId));
      await Promise.all([
        this.lists.remove(this.keys.connections, connectionId),
        ...(stored.userId === null ? [] : [this.lists.remove(this.keys.user(stored.userId), connectionId)]),
        ...stored.channels.map((channel) => this.dropMember(channel, connectionId)),
      ]);
      return toConnection(stored);
    });
  }

  async findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    const stored = await Promise.all(connectionIds.map((connectionId) => this.read(connectionId)));
    return stored.map((connection) => (connection === undefined ? null : toConnection(connection)));
  }

  join(connectionId: string, channel: string, limits: JoinLimits = {}): Promise<JoinResult> {
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored === undefined) return 'unknown-connection';
      if (stored.channels.includes(channel)) return 'already';
      if (stored.channels.length >= (limits.maxChannels ?? Infinity)) return 'limit';
      const { maxMembers = Infinity } = limits;
      const key = this.keys.channel(channel);
      const added = await this.lists.change(
        key,
        (ids) => ids.has(connectionId) || (ids.size < maxMembers && ids.add(connectionId).size > 0),
      );
      if (!added) return 'full';
      await this.lists.add(this.keys.channels, channel);
      await this.write({ ...stored, channels: [...stored.channels, channel] });
      return 'joined';
    });
  }

  leave(connectionId: string, channel: string): Promise<LeaveResult> {
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored === undefined) return 'unknown-connection';
      if (!stored.channels.includes(channel)) return 'not-a-member';
      await this.write({ ...stored, channels: stored.channels.filter((name) => name !== channel) });
      await this.dropMember(channel, connectionId);
      return 'left';
    });
  }

  touch(connectionId: string, seenAt: number): Promise<void> {
    return this.lock.run(connectionId, async () => {
      const stored = await this.read(connectionId);
      if (stored !== undefined) await this.write({ ...stored, seenAt });
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
    for await (const page of pagesOf(await this.lists.read(this.keys.connections))) {
      const stored = await Promise.all(page.map((connectionId) => this.read(connectionId)));
      // An id without a record is the rest of a crash, or its record expired: the sweep takes it off the list.
      yield page.filter((_, index) => seenAtOf(stored[index]) < instant);
    }
  }

  async *channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    for await (const page of pagesOf(await this.lists.read(this.keys.channels))) {
      const occupancies = await Promise.all(
        page.map(async (channel) => ({ channel, members: await countOf(this.members(channel)) })),
      );
      yield occupancies.filter(({ members }) => members > 0);
    }
  }

  countConnections(): Promise<number> {
    return countOf(this.connections());
  }

  override async close(): Promise<void> {
    this.cache.close();
  }

  private async read(connectionId: string): Promise<StoredConnection | undefined> {
    const stored = await this.cache.get<StoredConnection>(this.keys.connection(connectionId));
    // Whatever else an application put under the key is no connection.
    return Array.isArray(stored?.channels) ? stored : undefined;
  }

  private async insert(connection: Connection): Promise<void> {
    const { connectionId, userId } = connection;
    await this.write({ ...connection, channels: [] });
    await Promise.all([
      this.lists.add(this.keys.connections, connectionId),
      ...(userId === null ? [] : [this.lists.add(this.keys.user(userId), connectionId)]),
    ]);
  }

  private async write(stored: StoredConnection): Promise<void> {
    await this.cache.set(this.keys.connection(stored.connectionId), stored, this.expireAfterMs);
  }

  private async dropMember(channel: string, connectionId: string): Promise<void> {
    await this.lists.remove(this.keys.channel(channel), connectionId);
    if ((await this.lists.read(this.keys.channel(channel))).length > 0) return;
    await this.lists.remove(this.keys.channels, channel);
    // A join lists its member before its channel: if one came in between, its channel is put back.
    if ((await this.lists.read(this.keys.channel(channel))).length > 0)
      await this.lists.add(this.keys.channels, channel);
  }

  /** The ids of a list whose records agree that they belong there. */
  private async *confirmed(
    key: string,
    belongs: (stored: StoredConnection) => boolean,
  ): AsyncIterable<readonly string[]> {
    for await (const page of pagesOf(await this.lists.read(key))) {
      const stored = await Promise.all(page.map((connectionId) => this.read(connectionId)));
      yield page.filter((_, index) => stored[index] !== undefined && belongs(stored[index]));
    }
  }
}

async function countOf(pages: AsyncIterable<readonly string[]>): Promise<number> {
  let count = 0;
  for await (const page of pages) count += page.length;
  return count;
}

function seenAtOf(stored: StoredConnection | undefined): number {
  return stored === undefined ? -Infinity : (stored.seenAt ?? stored.connectedAt);
}

function toConnection({
  connectionId,
  connectedAt,
  userId,
  routeKey,
  channels,
  endpoint,
}: StoredConnection): Connection {
  return { connectionId, connectedAt, userId, routeKey, channels, endpoint };
}
