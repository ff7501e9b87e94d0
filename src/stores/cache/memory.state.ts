import type { Connection } from '../../contracts/connection.js';
import type {
  ChannelOccupancy,
  EnsureResult,
  JoinLimits,
  JoinResult,
  LeaveResult,
} from '../../contracts/connection.store.js';
import { TOMBSTONE_MS } from '../tombstone.js';
import type { LeaveListener } from './channel.memberships.js';

/** One connection in memory, and until when it counts (epoch ms). */
export interface MemoryRecord {
  readonly connection: Connection;
  readonly expiresAt: number;
}

/** A live view of ids: a `Set`, or a `Map` by its keys. */
export interface IdView {
  readonly size: number;
  keys(): Iterable<string>;
}

/** Told what an operation changed, and which lists now have to last longer. A view stays current until it is empty, and then stays empty. */
export interface StateObserver {
  /** `null`: the connection is gone. */
  recordChanged(connectionId: string, record: MemoryRecord | null): void;
  connectionsChanged(ids: IdView): void;
  channelsChanged(names: IdView): void;
  channelChanged(channel: string, ids: IdView): void;
  userChanged(userId: string, ids: IdView): void;
}

interface Entry extends MemoryRecord {
  connection: Connection;
  expiresAt: number;
  /** When it was last known to be alive: its connectedAt, until it is touched. */
  seenAt: number;
}

/**
 * Connections, users and channels in the sets of one process. Every operation is synchronous, hence atomic, and costs the same
 * however many are connected.
 */
export class MemoryState {
  // Ordered by expiresAt, because touch() inserts again: what has expired is always in front.
  private readonly entries = new Map<string, Entry>();
  private readonly users = new Map<string, Set<string>>();
  private readonly members = new Map<string, Set<string>>();
  private readonly removedAt = new Map<string, number>();

  constructor(
    private readonly observer: StateObserver,
    private readonly expireAfterMs: number,
    private readonly onLeave: LeaveListener = () => undefined,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  add(connection: Connection, now: number): boolean {
    this.expire(now);
    const { connectionId, connectedAt: seenAt, userId } = connection;
    if (this.entries.has(connectionId)) return false;
    this.removedAt.delete(connectionId);
    // From now, not from connectedAt: the record of a connection that is alive must not be born expired.
    const expiresAt = now + this.expireAfterMs;
    const entry: Entry = { connection: freeze(connection, []), seenAt, expiresAt };
    this.entries.set(connectionId, entry);
    this.observer.recordChanged(connectionId, entry);
    this.observer.connectionsChanged(this.entries);
    if (userId !== null) this.observer.userChanged(userId, addTo(this.users, userId, connectionId));
    return true;
  }

  ensure(connection: Connection, now: number): EnsureResult {
    this.expire(now);
    if (this.entries.has(connection.connectionId)) return 'present';
    if (this.removedAt.has(connection.connectionId)) return 'removed';
    this.add(connection, now);
    return 'restored';
  }

  remove(connectionId: string, now: number): Connection | null {
    this.expire(now);
    const entry = this.entries.get(connectionId);
    if (entry === undefined) return null;
    this.removedAt.set(connectionId, now);
    this.drop(connectionId, entry);
    return entry.connection;
  }

  find(connectionId: string): Connection | null {
    return this.entries.get(connectionId)?.connection ?? null;
  }

  join(connectionId: string, channel: string, limits: JoinLimits, now: number): JoinResult {
    this.expire(now);
    const entry = this.entries.get(connectionId);
    if (entry === undefined) return 'unknown-connection';
    const { channels } = entry.connection;
    if (channels.includes(channel)) return 'already';
    if (channels.length >= (limits.maxChannels ?? Infinity)) return 'limit';
    if ((this.members.get(channel)?.size ?? 0) >= (limits.maxMembers ?? Infinity)) return 'full';
    entry.connection = freeze(entry.connection, [...channels, channel]);
    const ids = addTo(this.members, channel, connectionId);
    this.observer.recordChanged(connectionId, entry);
    this.observer.channelChanged(channel, ids);
    // Also when the channel was there before: the list of channels has to live as long as this member.
    this.observer.channelsChanged(this.members);
    return 'joined';
  }

  leave(connectionId: string, channel: string, now: number): LeaveResult {
    this.expire(now);
    const entry = this.entries.get(connectionId);
    if (entry === undefined) return 'unknown-connection';
    const { channels } = entry.connection;
    if (!channels.includes(channel)) return 'not-a-member';
    entry.connection = freeze(
      entry.connection,
      channels.filter((name) => name !== channel),
    );
    this.observer.recordChanged(connectionId, entry);
    this.dropMember(channel, connectionId);
    return 'left';
  }

  touch(connectionId: string, seenAt: number, now: number): void {
    this.expire(now);
    const entry = this.entries.get(connectionId);
    if (entry === undefined) return;
    entry.seenAt = Math.max(entry.seenAt, seenAt);
    entry.expiresAt = now + this.expireAfterMs;
    this.entries.delete(connectionId);
    this.entries.set(connectionId, entry);
    this.observer.recordChanged(connectionId, entry);
    // The lists it is in have to live as long as it does.
    this.observer.connectionsChanged(this.entries);
    const { userId, channels } = entry.connection;
    if (userId !== null) this.observer.userChanged(userId, this.users.get(userId) as IdView);
    for (const channel of channels) this.observer.channelChanged(channel, this.members.get(channel) as IdView);
    if (channels.length > 0) this.observer.channelsChanged(this.members);
  }

  connectionIds(): string[] {
    return [...this.entries.keys()];
  }

  memberIds(channel: string): string[] {
    return [...(this.members.get(channel) ?? [])];
  }

  idsOfUser(userId: string): string[] {
    return [...(this.users.get(userId) ?? [])];
  }

  /** Ids last seen before `instant`. */
  idsSeenBefore(instant: number): string[] {
    const ids: string[] = [];
    for (const [connectionId, { seenAt }] of this.entries) if (seenAt < instant) ids.push(connectionId);
    return ids;
  }

  occupancies(): ChannelOccupancy[] {
    return [...this.members].map(([channel, { size }]) => ({ channel, members: size }));
  }

  /** Forgets what has expired; costs nothing when nothing has. */
  expire(now: number): void {
    for (const [connectionId, entry] of this.entries) {
      if (entry.expiresAt > now) break;
      this.drop(connectionId, entry);
    }
    for (const [connectionId, removedAt] of this.removedAt) {
      if (removedAt + TOMBSTONE_MS > now) break;
      this.removedAt.delete(connectionId);
    }
  }

  private drop(connectionId: string, { connection: { userId, channels } }: Entry): void {
    this.entries.delete(connectionId);
    this.observer.recordChanged(connectionId, null);
    this.observer.connectionsChanged(this.entries);
    if (userId !== null) this.observer.userChanged(userId, removeFrom(this.users, userId, connectionId));
    for (const channel of channels) this.dropMember(channel, connectionId);
  }

  private dropMember(channel: string, connectionId: string): void {
    const ids = removeFrom(this.members, channel, connectionId);
    this.observer.channelChanged(channel, ids);
    if (ids.size === 0) this.observer.channelsChanged(this.members);
    this.onLeave(connectionId, channel);
  }
}

function freeze(connection: Connection, channels: string[]): Connection {
  return Object.freeze({ ...connection, channels: Object.freeze(channels) });
}

/** Adds to one of many sets and returns it. */
function addTo(sets: Map<string, Set<string>>, key: string, value: string): Set<string> {
  const set = sets.get(key)?.add(value) ?? new Set([value]);
  if (set.size === 1) sets.set(key, set);
  return set;
}

/** Removes from one of many sets and returns it. A set that becomes empty is dropped from the map and never used again. */
function removeFrom(sets: Map<string, Set<string>>, key: string, value: string): Set<string> {
  const set = sets.get(key) ?? new Set();
  set.delete(value);
  if (set.size === 0) sets.delete(key);
  return set;
}
