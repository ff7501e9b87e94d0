import type { Connection } from '../../../contracts/connection.js';
import {
  ConnectionStore,
  type ChannelOccupancy,
  type EnsureResult,
  type JoinLimits,
  type JoinResult,
  type LeaveResult,
} from '../../../contracts/connection.store.js';
import { StoreUnavailableError } from '../../../errors/store-unavailable.error.js';
import { pagesOf } from '../../../stores/page.js';
import type { ManualClock } from '../../manual.clock.js';
import type { ReferenceModel } from './reference.model.js';
import type { Wire } from './wire.js';

/** The reference model as a store: each operation is one request, hence one atomic step. What it answers, in whatever order, is right. */
export class ReferenceStore extends ConnectionStore {
  constructor(
    private readonly model: ReferenceModel,
    private readonly clock: ManualClock,
    private readonly wire: Wire,
  ) {
    super();
  }

  add(connection: Connection): Promise<boolean> {
    return this.step('add', (now) => this.model.add(connection, now));
  }

  ensure(connection: Connection): Promise<EnsureResult> {
    return this.step('ensure', (now) => this.model.ensure(connection, now));
  }

  remove(connectionId: string): Promise<Connection | null> {
    return this.step('remove', (now) => this.model.remove(connectionId, now));
  }

  findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    return this.step('findMany', (now) => connectionIds.map((connectionId) => this.model.find(connectionId, now)));
  }

  join(connectionId: string, channel: string, limits: JoinLimits = {}): Promise<JoinResult> {
    return this.step('join', (now) => this.model.join(connectionId, channel, limits, now));
  }

  leave(connectionId: string, channel: string): Promise<LeaveResult> {
    return this.step('leave', (now) => this.model.leave(connectionId, channel, now));
  }

  touch(connectionId: string, seenAt: number): Promise<void> {
    return this.step('touch', (now) => this.model.touch(connectionId, seenAt, now));
  }

  connections(): AsyncIterable<readonly string[]> {
    return this.pages('connections', (now) => this.model.connectionIds(now));
  }

  members(channel: string): AsyncIterable<readonly string[]> {
    return this.pages('members', (now) => this.model.members(channel, now));
  }

  connectionsOfUser(userId: string): Promise<string[]> {
    return this.step('connectionsOfUser', (now) => this.model.idsOfUser(userId, now));
  }

  staleBefore(instant: number): AsyncIterable<readonly string[]> {
    return this.pages('staleBefore', (now) => this.model.staleIds(instant, now));
  }

  channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    return this.pages('channels', (now) => this.model.occupancies(now));
  }

  countConnections(): Promise<number> {
    return this.step('countConnections', (now) => this.model.connectionIds(now).length);
  }

  private async *pages<Item>(request: string, list: (now: number) => readonly Item[]): AsyncIterable<readonly Item[]> {
    yield* pagesOf(await this.step(request, list));
  }

  private async step<Answer>(request: string, answer: (now: number) => Answer): Promise<Answer> {
    try {
      return await this.wire.carry(request, async () => answer(this.clock.now()));
    } catch (cause) {
      throw new StoreUnavailableError(request, { cause });
    }
  }
}
