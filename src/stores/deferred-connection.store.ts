import type { Connection } from '../contracts/connection.js';
import {
  ConnectionStore,
  type ChannelOccupancy,
  type EnsureResult,
  type JoinLimits,
  type JoinResult,
  type LeaveResult,
} from '../contracts/connection.store.js';

/** A store that is chosen at the first operation: what it depends on may not exist before. */
export class DeferredConnectionStore extends ConnectionStore {
  private chosen: ConnectionStore | undefined;

  constructor(private readonly choose: () => ConnectionStore) {
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

  override ping(): Promise<void> {
    return this.store.ping();
  }

  override async close(): Promise<void> {
    await this.chosen?.close();
  }

  private get store(): ConnectionStore {
    return (this.chosen ??= this.choose());
  }
}
