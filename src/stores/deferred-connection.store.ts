import type { AdmissionLedger } from '../contracts/admission.ledger.js';
import type { AnswerBox } from '../contracts/answer.box.js';
import type { BroadcastLedger } from '../contracts/broadcast.ledger.js';
import type { ChannelHistory } from '../contracts/channel.history.js';
import type { Connection } from '../contracts/connection.js';
import {
  ConnectionStore,
  type ChannelOccupancy,
  type EnsureResult,
  type JoinLimits,
  type JoinResult,
  type LeaveResult,
  type Recipient,
} from '../contracts/connection.store.js';
import type { StoreCluster } from '../contracts/node.bus.js';
import type { PresenceLedger } from '../contracts/presence.ledger.js';
import type { RateBuckets } from '../contracts/rate.buckets.js';
import type { RequestClaims } from '../contracts/request.claims.js';
import type { RequestQuota } from '../contracts/request.budget.js';

/** A store that is chosen at the first operation: what it depends on may not exist before. */
export class DeferredConnectionStore extends ConnectionStore {
  private chosen: ConnectionStore | undefined;

  constructor(private readonly choose: () => ConnectionStore) {
    super();
  }

  async add(connection: Connection): Promise<boolean> {
    return this.store.add(connection);
  }

  async ensure(connection: Connection): Promise<EnsureResult> {
    return this.store.ensure(connection);
  }

  async remove(connectionId: string): Promise<Connection | null> {
    return this.store.remove(connectionId);
  }

  async findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    return this.store.findMany(connectionIds);
  }

  async join(connectionId: string, channel: string, limits?: JoinLimits): Promise<JoinResult> {
    return this.store.join(connectionId, channel, limits);
  }

  async leave(connectionId: string, channel: string): Promise<LeaveResult> {
    return this.store.leave(connectionId, channel);
  }

  async touch(connectionId: string, seenAt: number): Promise<void> {
    return this.store.touch(connectionId, seenAt);
  }

  async *connections(): AsyncIterable<readonly string[]> {
    yield* this.store.connections();
  }

  async *members(channel: string): AsyncIterable<readonly string[]> {
    yield* this.store.members(channel);
  }

  override async *recipients(channel: string | null): AsyncIterable<readonly Recipient[]> {
    yield* this.store.recipients(channel);
  }

  async connectionsOfUser(userId: string): Promise<string[]> {
    return this.store.connectionsOfUser(userId);
  }

  async *staleBefore(instant: number): AsyncIterable<readonly string[]> {
    yield* this.store.staleBefore(instant);
  }

  async *channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    yield* this.store.channels();
  }

  async countConnections(): Promise<number> {
    return this.store.countConnections();
  }

  override broadcasts(): BroadcastLedger | null {
    return this.store.broadcasts();
  }

  override requestQuota(): RequestQuota | null {
    return this.store.requestQuota();
  }

  override cluster(): StoreCluster | null {
    return this.store.cluster();
  }

  override admissions(): AdmissionLedger | null {
    return this.store.admissions();
  }

  override rateBuckets(): RateBuckets | null {
    return this.store.rateBuckets();
  }

  override presence(): PresenceLedger | null {
    return this.store.presence();
  }

  override history(): ChannelHistory | null {
    return this.store.history();
  }

  override claims(): RequestClaims | null {
    return this.store.claims();
  }

  override answers(): AnswerBox | null {
    return this.store.answers();
  }

  override async ping(): Promise<void> {
    return this.store.ping();
  }

  override async close(): Promise<void> {
    await this.chosen?.close();
  }

  private get store(): ConnectionStore {
    return (this.chosen ??= this.choose());
  }
}
