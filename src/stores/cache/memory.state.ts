import type { Connection } from '../../contracts/connection.js';
import type { EnsureResult, JoinLimits, JoinResult, LeaveResult } from '../../contracts/connection.store.js';

/** Called with what an operation changed. */
export interface StateObserver {
  connectionChanged(connectionId: string): void;
  connectionsChanged(): void;
  channelChanged(channel: string): void;
  channelsChanged(): void;
  userChanged(userId: string): void;
}

interface Entry {
  connection: Connection;
  readonly channels: Set<string>;
  /** When it was last known to be alive: its connectedAt, until it is touched. */
  seenAt: number;
  expiresAt: number;
}

const TOMBSTONE_MS = 60_000;

/**
 * Connections, users and channels in the sets of one process. Every operation is synchronous, hence atomic, and costs the same
 * however many are connected.
 */
export class MemoryState {
  // Ordered by expiresAt, for touch() re-inserts: what has expired is always in front.
  private readonly entries = new Map<string, Entry>();
  private readonly users = new Map<string, Set<string>>();
  private readonly members = new Map<string, Set<string>>();
  private readonly removedAt = new Map<string, number>();

  constructor(
    private readonly observer: StateObserver,
    private readonly expireAfterMs: number,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  add(connection: Connection, now: number): boolean {
    this.expire(now);
    const { connectionId, userId } = connection;
    if (this.entries.has(connectionId)) return false;
    this.removedAt.delete(connectionId);
    const channels = new Set<string>();
    this.entries.set(connectionId, {
      connection: freeze(connection, channels),
      channels,
      seenAt: connection.connectedAt,
      // From now, not from connectedAt: the record of a connection that is alive must not be born expired.
      expiresAt: now + this.expireAfterMs,
    });
    this.observer.connectionChanged(connectionId);
    this.observer.connectionsChanged();
    if (userId !== null) {
      addTo(this.users, userId, connectionId);
      this.observer.userChanged(userId);
    }
    return true;
  }

  ensure(connection: Connection, now: number): EnsureResult {
    if (this.entries.has(connection.connectionId)) return 'present';
    this.expire(now);
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

  find(connectionId: string, now: number): Connection | null {
    this.expire(now);
    return this.entries.get(connectionId)?.connection ?? null;
  }

  join(connectionId: string, channel: string, limits: JoinLimits, now: number): JoinResult {
    this.expire(now);
    const entry = this.entries.get(connectionId);
    if (entry === undefined) return 'unknown-connection';
    if (entry.channels.has(channel)) return 'already';
    if (entry.channels.size >= (limits.maxChannels ?? Infinity)) return 'limit';
    if ((this.members.get(channel)?.size ?? 0) >= (limits.maxMembers ?? Infinity)) return 'full';
    entry.channels.add(channel);
    entry.connection = freeze(entry.connection, entry.channels);
    const isNew = addTo(this.members, channel, connectionId);
    this.observer.connectionChanged(connectionId);
    this.observer.channelChanged(channel);
    if (isNew) this.observer.channelsChanged();
    return 'joined';
  }

  leave(connectionId: string, channel: string, now: number): LeaveResult {
    this.expire(now);
    const entry = this.entries.get(connectionId);
    if (entry === undefined) return 'unknown-connection';
    if (!entry.channels.delete(channel)) return 'not-a-member';
    entry.connection = freeze(entry.connection, entry.channels);
    this.observer.connectionChanged(connectionId);
    this.dropMember(channel, connectionId);
    return 'left';
  }

  touch(connectionId: string, seenAt: number, now: number): void {
    const entry = this.entries.get(connectionId);
    if (entry === undefined) return;
    entry.seenAt = seenAt;
    entry.expiresAt = now + this.expireAfterMs;
    this.entries.delete(connectionId);
    this.entries.set(connectionId, entry);
    this.observer.connectionChanged(connectionId);
  }

  /** Ids last seen before `instant`. */
  *staleBefore(instant: number): Iterable<string> {
    for (const [connectionId, { seenAt }] of this.entries) if (seenAt < instant) yield connectionId;
  }

  connectionIds(): Iterable<string> {
    return this.entries.keys();
  }

  memberIds(channel: string): Iterable<string> {
    return this.members.get(channel) ?? [];
  }

  userConnectionIds(userId: string): Iterable<string> {
    return this.users.get(userId) ?? [];
  }

  userConnectionCount(userId: string): number {
    return this.users.get(userId)?.size ?? 0;
  }

  channelNames(): Iterable<string> {
    return this.members.keys();
  }

  get channelCount(): number {
    return this.members.size;
  }

  memberCount(channel: string): number {
    return this.members.get(channel)?.size ?? 0;
  }

  /** When a connection's record should be gone from the cache (epoch ms). */
  expiresAt(connectionId: string): number {
    return this.entries.get(connectionId)?.expiresAt ?? 0;
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

  private drop(connectionId: string, { connection, channels }: Entry): void {
    this.entries.delete(connectionId);
    this.observer.connectionChanged(connectionId);
    this.observer.connectionsChanged();
    for (const channel of channels) this.dropMember(channel, connectionId);
    if (connection.userId !== null) {
      removeFrom(this.users, connection.userId, connectionId);
      this.observer.userChanged(connection.userId);
    }
  }

  private dropMember(channel: string, connectionId: string): void {
    const isEmpty = removeFrom(this.members, channel, connectionId);
    this.observer.channelChanged(channel);
    if (isEmpty) this.observer.channelsChanged();
  }
}

function freeze(connection: Connection, channels: ReadonlySet<string>): Connection {
  return Object.freeze({ ...connection, channels: Object.freeze([...channels]) });
}

/** Adds to one of many sets; true when that created the set. */
function addTo(sets: Map<string, Set<string>>, key: string, value: string): boolean {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
  return set === undefined;
}

/** Removes from one of many sets; true when that emptied the set, which then is gone. */
function removeFrom(sets: Map<string, Set<string>>, key: string, value: string): boolean {
  const set = sets.get(key);
  set?.delete(value);
  if (set === undefined || set.size > 0) return false;
  return sets.delete(key);
}
