import type { Clock } from '../contracts/clock.js';
import type { Connection } from '../contracts/connection.js';
import type { ConnectionStore, EnsureResult, JoinLimits, JoinResult } from '../contracts/connection.store.js';
import { ChannelLimitError } from '../errors/channel-limit.error.js';
import type { EventPublisher } from '../events/event.publisher.js';
import { WebSocketEvents, type DisconnectedEvent } from '../events/websocket-events.js';
import type { WebSocketConnectEvent } from '../protocol/events.js';
import { isConnectionId, requireChannelName } from '../protocol/name.js';
import type { ConnectionEnd, LifecycleObserver, LifecycleRecorder, MembershipObserver } from './lifecycle.observers.js';

/** What {@link ConnectionLifecycle.heal} found or did. `elsewhere`: it is not this process's to register. */
export type HealResult = EnsureResult | 'elsewhere';

export interface LifecycleOptions {
  /** How many channels one connection may be in. */
  readonly maxChannelsPerConnection: number;
  /** How long after its `connectedAt` a 410 does not end a connection. */
  readonly goneGracePeriodMs: number;
}

/**
 * The life of connections: the one place that changes the store and tells listeners about it, always in that order. However a
 * connection ends (its own close, a 410, the sweep, `disconnect`), the store gives it to one caller, and that one fires its events.
 */
export class ConnectionLifecycle {
  private readonly opening = new Set<string>();
  private readonly closing = new Map<string, ConnectionEnd>();
  /** `null` outside of tests. */
  recorder: LifecycleRecorder | null = null;
  private observer: LifecycleObserver | undefined;
  private memberships: MembershipObserver | undefined;
  private afterRemoval: ((connectionId: string) => Promise<void>) | undefined;

  constructor(
    private readonly store: ConnectionStore,
    private readonly publisher: EventPublisher,
    private readonly clock: Clock,
    private readonly options: LifecycleOptions,
  ) {}

  /** Has an observer told of everything from now on; there is one at most. */
  observe(observer: LifecycleObserver): void {
    this.observer = observer;
  }

  /** Has an observer told of memberships from now on; there is one at most. */
  observeMemberships(observer: MembershipObserver): void {
    this.memberships = observer;
  }

  /** Has `listener` run once a connection was removed, before anybody hears of it. There is one at most; its failures are its own. */
  whenRemoved(listener: (connectionId: string) => Promise<void>): void {
    this.afterRemoval = listener;
  }

  /** Whether the connection's `$connect` is being handled in this process: nothing can be posted to it yet. */
  isOpening(connectionId: string): boolean {
    return this.opening.has(connectionId);
  }

  /** Stores a connection, then fires `connected`. When a listener throws, the connection is removed without a trace. */
  async connect(connection: Connection, eventData: WebSocketConnectEvent): Promise<void> {
    const { connectionId } = connection;
    let isStored = false;
    this.opening.add(connectionId);
    try {
      isStored = await this.addOrNothing(connection);
      // A second $connect of one connection is answered like the first, without a second event.
      if (!isStored) return;
      await this.publisher.publish(WebSocketEvents.Connected, { connectionId, connection, eventData });
    } catch (error) {
      // Refused, so there was no connection to speak of: no `disconnected`. Should the store fail at this, too, the record expires by
      // itself; the listener's own error is the one to report.
      const refused = isStored ? await this.remove(connectionId, null).catch(() => null) : null;
      // A listener may have joined it to channels, and others heard of that.
      if (refused !== null) await this.tellLeft(refused);
      throw error;
    } finally {
      this.opening.delete(connectionId);
    }
  }

  /** Stores a connection; when the store fails, tries to take back what it may have stored before its answer was lost. */
  private async addOrNothing(connection: Connection): Promise<boolean> {
    this.observer?.opening(connection);
    try {
      return await this.store.add(connection);
    } catch (error) {
      await this.remove(connection.connectionId, null).catch(() => null);
      throw error;
    }
  }

  /** Registers a connection that sent a message although the store has forgotten it. */
  async heal(connection: Connection): Promise<HealResult> {
    const mayRestore = this.observer?.mayRestore(connection) ?? true;
    if (mayRestore !== true && !(await mayRestore)) return 'elsewhere';
    const result = await this.store.ensure(connection);
    if (result === 'restored') this.observer?.restored(connection);
    return result;
  }

  /** Says that the store knows again that a connection is in these channels, which it had forgotten. */
  async restored(connection: Connection, channels: Iterable<string>): Promise<void> {
    const { memberships } = this;
    if (memberships === undefined) return;
    const concerned = [...channels].filter((channel) => memberships.concerns(channel));
    if (concerned.length > 0) await memberships.restored(connection, concerned);
  }

  /**
   * Ends a connection: removes it, then fires `channel.left` for each of its channels and `disconnected`. Resolves `false` when it
   * had ended already. What listeners of `disconnected` throw is thrown, after everything is done.
   */
  async end(connectionId: string, end: ConnectionEnd): Promise<boolean> {
    const connection = await this.remove(connectionId, end);
    if (connection === null) return false;
    await this.publisher.publish(WebSocketEvents.Disconnected, await this.leaveAll(connection, end));
    return true;
  }

  /** Like {@link end} for callers that listeners cannot answer to: what they throw is logged. */
  async endQuietly(connectionId: string, end: ConnectionEnd): Promise<boolean> {
    const connection = await this.remove(connectionId, end);
    if (connection === null) return false;
    await this.publisher.notify(WebSocketEvents.Disconnected, await this.leaveAll(connection, end));
    return true;
  }

  /**
   * Ends a connection that its gateway calls gone. One that has only just connected is left alone: API Gateway answers 410 while a
   * $connect is still open.
   */
  async endGone({ connectionId, connectedAt }: Pick<Connection, 'connectionId' | 'connectedAt'>): Promise<void> {
    if (this.clock.now() - connectedAt < this.options.goneGracePeriodMs) return;
    await this.endQuietly(connectionId, { cause: 'gone' });
  }

  /** Takes back what is left of a connection that was refused; nobody hears that it ended. */
  async takeBack(connectionId: string): Promise<void> {
    const refused = await this.remove(connectionId, null);
    if (refused !== null) await this.tellLeft(refused);
  }

  /** Runs `close`; whatever ends the connection meanwhile counts as ended by the server. */
  async whileClosing<Result>(connectionId: string, end: ConnectionEnd, close: () => Promise<Result>): Promise<Result> {
    this.closing.set(connectionId, end);
    try {
      return await close();
    } finally {
      this.closing.delete(connectionId);
    }
  }

  /**
   * Adds a connection to a channel and fires `channel.joined` when that changed anything. Resolves `false` for an unknown connection.
   *
   * @throws InvalidNameError when `channel` cannot be a channel's name
   * @throws ChannelLimitError when the connection is in as many channels as it may be
   */
  async join(connectionId: string, channel: string): Promise<boolean> {
    requireChannelName(channel);
    if (!isConnectionId(connectionId)) return false;
    const result = await this.enter(connectionId, channel);
    if (result === 'limit') throw new ChannelLimitError(connectionId, this.options.maxChannelsPerConnection);
    const isMember = result === 'joined' || result === 'already';
    const concerned = isMember ? this.concernedBy(channel) : null;
    const connection = concerned === null ? null : await this.find(connectionId);
    if (connection !== null) await concerned?.joined(connection, channel);
    return isMember;
  }

  /**
   * The same for names that were checked, without a word to the observer of memberships: for whoever tells it more than that. Reaching a limit is an
   * answer here.
   */
  async enter(connectionId: string, channel: string, limits: Pick<JoinLimits, 'maxMembers'> = {}): Promise<JoinResult> {
    const { maxChannelsPerConnection: maxChannels } = this.options;
    const result = await this.store.join(connectionId, channel, { ...limits, maxChannels });
    this.recorder?.joining(connectionId, channel, result);
    if (result === 'joined') await this.publisher.notify(WebSocketEvents.ChannelJoined, { connectionId, channel });
    return result;
  }

  /**
   * Takes a connection out of a channel and fires `channel.left` when it was in it. Resolves `false` for an unknown connection.
   *
   * @throws InvalidNameError when `channel` cannot be a channel's name
   */
  async leave(connectionId: string, channel: string): Promise<boolean> {
    requireChannelName(channel);
    if (!isConnectionId(connectionId)) return false;
    const concerned = this.concernedBy(channel);
    // Asked first: afterwards it may have ended, and nobody would know whose it was.
    const connection = concerned === null ? null : await this.find(connectionId);
    const result = await this.store.leave(connectionId, channel);
    this.recorder?.leaving(connectionId, channel, result);
    if (result === 'left') await this.publisher.notify(WebSocketEvents.ChannelLeft, { connectionId, channel });
    // Also when it was not in it: the answer to an earlier try may have been lost.
    if (connection !== null) await concerned?.left(connection, channel);
    return result !== 'unknown-connection';
  }

  private concernedBy(channel: string): MembershipObserver | null {
    return this.memberships?.concerns(channel) === true ? this.memberships : null;
  }

  private async find(connectionId: string): Promise<Connection | null> {
    const [connection = null] = await this.store.findMany([connectionId]);
    return connection;
  }

  private async remove(connectionId: string, end: ConnectionEnd | null): Promise<Connection | null> {
    this.observer?.ending(connectionId, end);
    try {
      const connection = await this.store.remove(connectionId);
      this.observer?.hasEnded(connectionId, connection !== null);
      if (connection === null) this.memberships?.endedUnknown(connectionId);
      else await this.afterRemoval?.(connectionId).catch(() => undefined);
      return connection;
    } catch (error) {
      if (this.observer === undefined) this.memberships?.endedUnknown(connectionId);
      else this.observer.endFailed(connectionId);
      throw error;
    }
  }

  /** Tells the channels of a connection that was removed; the event that ends it. */
  private async leaveAll(connection: Connection, end: ConnectionEnd): Promise<DisconnectedEvent> {
    const { connectionId, channels } = connection;
    await this.tellLeft(connection);
    // On API Gateway a close that the application asked for comes back as a $disconnect, which may win the race.
    const { cause, code, reason, eventData } = { ...end, ...this.closing.get(connectionId) };
    return {
      ...{ connectionId, connection, channels, cause },
      ...(typeof code === 'number' && { code }),
      ...(typeof reason === 'string' && { reason }),
      ...(eventData !== undefined && { eventData }),
    };
  }

  private async tellLeft(connection: Connection): Promise<void> {
    const { connectionId, channels } = connection;
    for (const channel of channels) await this.publisher.notify(WebSocketEvents.ChannelLeft, { connectionId, channel });
    await this.memberships?.ended(connection);
  }
}
