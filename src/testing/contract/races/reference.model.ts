import type { Connection } from '../../../contracts/connection.js';
import type {
  ChannelOccupancy,
  EnsureResult,
  JoinLimits,
  JoinResult,
  LeaveResult,
} from '../../../contracts/connection.store.js';

interface Remembered {
  connection: Connection;
  seenAt: number;
  expiresAt: number;
}

/** What a connection store amounts to, as plainly as it can be said. */
export class ReferenceModel {
  private readonly connections = new Map<string, Remembered>();
  private readonly removedAt = new Map<string, number>();

  constructor(private readonly expireAfterMs: number) {}

  add(connection: Connection, now: number): boolean {
    if (this.alive(now).has(connection.connectionId)) return false;
    this.connections.set(connection.connectionId, {
      connection: { ...connection, channels: [] },
      seenAt: connection.connectedAt,
      expiresAt: now + this.expireAfterMs,
    });
    return true;
  }

  ensure(connection: Connection, now: number): EnsureResult {
    const { connectionId } = connection;
    if (this.alive(now).has(connectionId)) return 'present';
    if (now - (this.removedAt.get(connectionId) ?? -Infinity) < 60_000) return 'removed';
    this.add(connection, now);
    return 'restored';
  }

  remove(connectionId: string, now: number): Connection | null {
    const connection = this.find(connectionId, now);
    if (connection === null) return null;
    this.removedAt.set(connectionId, now);
    this.connections.delete(connectionId);
    return connection;
  }

  find(connectionId: string, now: number): Connection | null {
    return this.alive(now).get(connectionId)?.connection ?? null;
  }

  join(connectionId: string, channel: string, limits: JoinLimits, now: number): JoinResult {
    const entry = this.alive(now).get(connectionId);
    if (entry === undefined) return 'unknown-connection';
    const { channels } = entry.connection;
    if (channels.includes(channel)) return 'already';
    if (channels.length >= (limits.maxChannels ?? Infinity)) return 'limit';
    const { maxMembers } = limits;
    if (maxMembers !== undefined && this.members(channel, now).length >= maxMembers) return 'full';
    entry.connection = { ...entry.connection, channels: [...channels, channel] };
    return 'joined';
  }

  leave(connectionId: string, channel: string, now: number): LeaveResult {
    const entry = this.alive(now).get(connectionId);
    if (entry === undefined) return 'unknown-connection';
    const { channels } = entry.connection;
    if (!channels.includes(channel)) return 'not-a-member';
    entry.connection = { ...entry.connection, channels: channels.filter((name) => name !== channel) };
    return 'left';
  }

  touch(connectionId: string, seenAt: number, now: number): void {
    const entry = this.alive(now).get(connectionId);
    if (entry === undefined) return;
    entry.seenAt = Math.max(entry.seenAt, seenAt);
    entry.expiresAt = now + this.expireAfterMs;
  }

  connectionIds(now: number): string[] {
    return this.idsWhere(now, () => true);
  }

  idsOfUser(userId: string, now: number): string[] {
    return this.idsWhere(now, ({ connection }) => connection.userId === userId);
  }

  members(channel: string, now: number): string[] {
    return this.idsWhere(now, ({ connection }) => connection.channels.includes(channel));
  }

  staleIds(instant: number, now: number): string[] {
    return this.idsWhere(now, ({ seenAt }) => seenAt < instant);
  }

  occupancies(now: number): ChannelOccupancy[] {
    const channels = new Set([...this.alive(now).values()].flatMap(({ connection }) => connection.channels));
    return [...channels].map((channel) => ({ channel, members: this.members(channel, now).length }));
  }

  private idsWhere(now: number, holds: (entry: Remembered) => boolean): string[] {
    const entries = [...this.alive(now)].filter(([, entry]) => holds(entry));
    return entries.map(([connectionId]) => connectionId).sort();
  }

  private alive(now: number): Map<string, Remembered> {
    for (const [connectionId, { expiresAt }] of this.connections) {
      if (expiresAt <= now) this.connections.delete(connectionId);
    }
    return this.connections;
  }
}
