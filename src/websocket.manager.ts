import { Inject, Injectable } from '@nestjs/common';
import type { ChannelPublishOptions, PublishedChannelMessage } from './channels/channel.publisher.js';
import { Channels } from './channels/channels.js';
import { QuestionService } from './channels/question.service.js';
import { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import { readStats, type WebSocketStats } from './connections/connection.stats.js';
import type { BroadcastReport } from './contracts/broadcast.ledger.js';
import type { Connection } from './contracts/connection.js';
import { ConnectionStore } from './contracts/connection.store.js';
import type { CloseOptions } from './contracts/connection.transport.js';
import { ConnectionCloser } from './fanout/connection.closer.js';
import type { Addressees } from './fanout/broadcast.request.js';
import { collect, collectIds, noPages } from './fanout/id.pages.js';
import { emptyMap, MessageSender } from './fanout/message.sender.js';
import { BroadcastReports, type UntilBroadcastOptions } from './fanout/offload/broadcast.reports.js';
import { ShardWorker } from './fanout/offload/shard.worker.js';
import { isSqsEvent, type SqsBatchResponse, type SqsEvent } from './fanout/offload/sqs.event.js';
import { UserSender } from './fanout/user.sender.js';
import { HealthProbe, type WebSocketHealth } from './health/health.probe.js';
import { requireCloseOptions } from './protocol/close.js';
import { isChannelName, type UserId } from './protocol/name.js';
import type { WebSocketResponse } from './protocol/response.js';
import type { ChannelMessage, WireMember } from './protocol/wire/server.messages.js';
import { StaleSweep, type CleanupOptions } from './sweep/stale.sweep.js';
import { WebSocketHandler, type EventOrigin } from './websocket.handler.js';
import { WebSocketSelection } from './websocket.selection.js';

/**
 * What applications inject: sends to connections, users and channels, keeps track of who is where, and takes API Gateway's events in.
 *
 * Every method but {@link health} rejects with `StoreUnavailableError` when the store cannot answer; an empty result always means
 * "nobody".
 */
@Injectable()
export class WebSocketManager {
  constructor(
    @Inject(WebSocketHandler) private readonly handler: WebSocketHandler,
    @Inject(ConnectionStore) private readonly store: ConnectionStore,
    @Inject(ConnectionLifecycle) private readonly lifecycle: ConnectionLifecycle,
    @Inject(MessageSender) private readonly sender: MessageSender,
    @Inject(UserSender) private readonly users: UserSender,
    @Inject(ConnectionCloser) private readonly closer: ConnectionCloser,
    @Inject(StaleSweep) private readonly sweep: StaleSweep,
    @Inject(HealthProbe) private readonly probe: HealthProbe,
    @Inject(ShardWorker) private readonly worker: ShardWorker,
    @Inject(BroadcastReports) private readonly reports: BroadcastReports,
    @Inject(Channels) private readonly channels: Channels,
    @Inject(QuestionService) private readonly questions: QuestionService,
  ) {}

  /**
   * Handles one API Gateway WebSocket event and answers what the Lambda is to return; see {@link WebSocketHandler.handle}. An event of SQS brings
   * shards of a broadcast that was handed over (`fanout.offload`): the answer names the messages that are to be delivered again.
   *
   * @example
   * export const handler = async (event: unknown) => (await application).get(WebSocketManager).handle(event);
   */
  handle(event: SqsEvent): Promise<SqsBatchResponse>;
  handle(event: unknown, origin?: EventOrigin): Promise<WebSocketResponse>;
  handle(event: unknown, origin?: EventOrigin): Promise<WebSocketResponse | SqsBatchResponse> {
    return isSqsEvent(event) ? this.worker.handle(event) : this.handler.handle(event, origin);
  }

  /** See {@link WebSocketHandler.sendToConnection}. */
  sendToConnection(connectionId: string, data: unknown): Promise<boolean> {
    return this.handler.sendToConnection(connectionId, data);
  }

  /** See {@link WebSocketHandler.sendToConnections}. */
  sendToConnections(connectionIds: readonly string[], data: unknown): Promise<Record<string, boolean>> {
    return this.handler.sendToConnections(connectionIds, data);
  }

  /** See {@link WebSocketHandler.broadcast}. */
  broadcast(data: unknown): Promise<Record<string, boolean>> {
    return this.handler.broadcast(data);
  }

  /** Sends `data`, as JSON, to every connection of a user. Resolves whether the gateway took it, for each; `{}` for an unknown user. */
  async sendToUser(userId: UserId, data: unknown): Promise<Record<string, boolean>> {
    const results = await this.users.send([userId], data, 'sendToUser');
    return results[String(userId)] ?? emptyMap();
  }

  /** Sends `data`, as JSON, to every connection of these users. Resolves the results by user and connection. */
  sendToUsers(userIds: readonly UserId[], data: unknown): Promise<Record<string, Record<string, boolean>>> {
    return this.users.send(userIds, data, 'sendToUsers');
  }

  /** Sends `data`, as JSON, to every member of a channel. Resolves whether the gateway took it, for each; `{}` for an empty channel. */
  async sendToChannel(channel: string, data: unknown): Promise<Record<string, boolean>> {
    const target = { method: 'sendToChannel' as const, channels: [channel] };
    const to: Addressees = isChannelName(channel)
      ? { recipients: this.store.recipients(channel), locally: (local) => local.recipients(channel), target }
      : { recipients: [], target };
    return this.sender.send(to, data);
  }

  /** Starts a selection with the members of these channels. */
  to(...channels: readonly string[]): WebSocketSelection {
    return this.selection().to(...channels);
  }

  /** Starts a selection with the connections of these users. */
  toUser(...userIds: readonly UserId[]): WebSocketSelection {
    return this.selection().toUser(...userIds);
  }

  /** Starts a selection of everyone without these connections. */
  except(...connectionIds: readonly string[]): WebSocketSelection {
    return this.selection().except(...connectionIds);
  }

  /**
   * Adds a connection to a channel; `websocket.channel.joined` fires if it was not in it. Resolves `false` when there is no such
   * connection.
   *
   * @throws InvalidNameError when `channel` is empty, over 200 characters, or not well-formed Unicode
   * @throws ChannelLimitError when the connection is in as many channels as the option `maxChannelsPerConnection` allows
   */
  joinChannel(connectionId: string, channel: string): Promise<boolean> {
    return this.lifecycle.join(connectionId, channel);
  }

  /**
   * Takes a connection out of a channel; `websocket.channel.left` fires if it was in it. Resolves `false` when there is no such
   * connection.
   *
   * @throws InvalidNameError when `channel` is empty, over 200 characters, or not well-formed Unicode
   */
  leaveChannel(connectionId: string, channel: string): Promise<boolean> {
    return this.lifecycle.leave(connectionId, channel);
  }

  /**
   * Publishes `data`, as JSON, to a channel: wrapped in a `message` of the protocol (`docs/protocol.md`), with an id, numbered and kept where the rule
   * of the channel is `persistent`. `sendToChannel` sends data as it is.
   *
   * @throws InvalidNameError, PayloadTooLargeError, InvalidPayloadError before anything is kept or sent
   */
  publish(channel: string, data: unknown, options?: ChannelPublishOptions): Promise<PublishedChannelMessage> {
    return this.channels.publish(channel, data, options);
  }

  /** Who is in a channel with presence: each user once, however many connections they have; `[]` for other channels. */
  getPresence(channel: string): Promise<WireMember[]> {
    return this.channels.presentIn(channel);
  }

  /** How many users are in a channel with presence. */
  countPresence(channel: string): Promise<number> {
    return this.channels.countPresent(channel);
  }

  /** The last messages of a channel that keeps them, at most `limit` (100), the oldest first. */
  getHistory(channel: string, limit?: number): Promise<ChannelMessage[]> {
    return this.channels.lastMessages(channel, limit);
  }

  /** Takes a client out of a channel, and tells it so, with the reason. Resolves `false` when it was not in there. */
  unsubscribe(connectionId: string, channel: string, reason?: string): Promise<boolean> {
    return this.channels.unsubscribe(connectionId, channel, reason);
  }

  /** The ids of a user's connections. */
  getConnectionsByUserId(userId: UserId): Promise<string[]> {
    return this.users.connectionsOf(userId);
  }

  /** The ids of the connections in a channel. Loads them all; {@link membersOf} does not. */
  getConnectionsByChannel(channel: string): Promise<string[]> {
    return collectIds(this.membersOf(channel));
  }

  /** The channels that a connection is in, in the order in which it joined them. */
  async getChannelsByConnection(connectionId: string): Promise<string[]> {
    return [...((await this.getConnection(connectionId))?.channels ?? [])];
  }

  /** The names of the channels that have members. */
  async getAllChannels(): Promise<string[]> {
    return (await collect(this.store.channels())).map(({ channel }) => channel);
  }

  /** The ids of every connection. Loads them all; {@link connections} does not. */
  getAllConnections(): Promise<string[]> {
    return collectIds(this.store.connections());
  }

  /** See {@link WebSocketHandler.getConnection}. */
  getConnection(connectionId: string): Promise<Connection | null> {
    return this.handler.getConnection(connectionId);
  }

  connectionExists(connectionId: string): Promise<boolean> {
    return this.handler.connectionExists(connectionId);
  }

  /** Pages of connection ids, at most 1,000 each; an id may repeat when connections come and go meanwhile. */
  connections(): AsyncIterable<readonly string[]> {
    return this.store.connections();
  }

  /** Pages of the ids of a channel's members, at most 1,000 each; an id may repeat when members come and go meanwhile. */
  membersOf(channel: string): AsyncIterable<readonly string[]> {
    return isChannelName(channel) ? this.store.members(channel) : noPages();
  }

  /** How many connections and channels there are, and how many connections each channel has. */
  getStats(): Promise<WebSocketStats> {
    return readStats(this.store);
  }

  /**
   * Closes a connection; `websocket.disconnected` fires with the cause `server`. Resolves `false` when there was no such connection, and
   * one that turns out to be gone is forgotten; also when it could not be closed, and then nothing has changed. API Gateway takes
   * neither code nor reason: its clients see 1000.
   *
   * @throws InvalidOptionsError when `code` or `reason` cannot be sent in a close frame
   */
  async disconnect(connectionId: string, options: CloseOptions = {}): Promise<boolean> {
    requireCloseOptions(options);
    return this.closer.close(connectionId, options);
  }

  /** Closes every connection of a user. Resolves whether each was closed. */
  async disconnectUser(userId: UserId, options: CloseOptions = {}): Promise<Record<string, boolean>> {
    requireCloseOptions(options);
    return this.closer.closeAll(await this.getConnectionsByUserId(userId), options);
  }

  /**
   * How far a broadcast is that was handed over to workers, by the `broadcastId` in its report; `null` for one that is not known, or was begun more
   * than a day ago.
   */
  getBroadcast(broadcastId: string): Promise<BroadcastReport | null> {
    return this.reports.get(broadcastId);
  }

  /** Like {@link getBroadcast}, but waits until it is complete, at most `timeoutMs` (60 seconds). It may still be incomplete then. */
  untilBroadcast(broadcastId: string, options?: UntilBroadcastOptions): Promise<BroadcastReport | null> {
    return this.reports.until(broadcastId, options);
  }

  /**
   * Ends connections that are older than `staleAfterSeconds` and whose `$disconnect` never came; `websocket.disconnected` fires for each
   * with the cause `stale`. Sockets that this process holds open are left alone, however old. Closes connections, too,
   * whose authentication is over (option `admission`) and that no timer closes. Resolves how many were ended.
   *
   * With `askGateway` each is ended only once its gateway says that it is gone. One that is alive is left alone for another
   * `staleAfterSeconds`, and one that no answer comes for until the next call.
   */
  async cleanup(options?: CleanupOptions): Promise<number> {
    const overdue = await this.handler.closeOverdue();
    return overdue + (await this.sweep.run(options));
  }

  /**
   * Whether the store answers, how long that took, and why not, for health checks. Never rejects, and takes no longer than
   * `storeTimeoutMs`.
   */
  health(): Promise<WebSocketHealth> {
    return this.probe.check();
  }

  private selection(): WebSocketSelection {
    return new WebSocketSelection(this.store, this.sender, this.questions);
  }
}
