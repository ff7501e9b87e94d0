import type { ChannelPublishOptions, PublishedChannelMessage } from './channels/channel.publisher.js';
import type { WebSocketStats } from './connections/connection.stats.js';
import type { BroadcastReport } from './contracts/broadcast.ledger.js';
import type { Connection } from './contracts/connection.js';
import type { CloseOptions } from './contracts/connection.transport.js';
import type { FakeOptions } from './fake/standalone.application.js';
import { WebSocketFake } from './fake/websocket.fake.js';
import type { UntilBroadcastOptions } from './fanout/offload/broadcast.reports.js';
import type { SqsBatchResponse, SqsEvent } from './fanout/offload/sqs.event.js';
import type { WebSocketHealth } from './health/health.probe.js';
import type { UserId } from './protocol/name.js';
import type { WebSocketResponse } from './protocol/response.js';
import type { ChannelMessage, WireMember } from './protocol/wire/server.messages.js';
import type { CleanupOptions } from './sweep/stale.sweep.js';
import type { EventOrigin } from './websocket.handler.js';
import type { WebSocketManager } from './websocket.manager.js';
import { currentManager } from './websocket.running.js';
import type { WebSocketSelection } from './websocket.selection.js';

/**
 * The {@link WebSocketManager} of the running application, reachable from anywhere, in Laravel's manner. Each method but {@link fake} is the manager's
 * of the same name. Of several running applications it speaks for the one that started last.
 *
 * @throws NotRunningError when no application that imports `WebSocketModule` is up
 *
 * @example
 * await WebSocket.sendToChannel('news', { title: 'Hello' });
 */
export class WebSocket {
  private constructor() {}

  /**
   * Records from now on what is sent, instead of delivering it: through the facade, and through the managers of every application that is up or comes
   * up. Needs no application, no network and no timers. Ends with the last application that closes, or by `restore()`; called again, it starts anew.
   *
   * @param options what the manager is made with that speaks where no application is up
   *
   * @example
   * const fake = WebSocket.fake();
   * await notifier.tell(42, 'Your order is on its way');
   * fake.assertSentToUser(42, { type: 'order' });
   */
  static fake(options: FakeOptions = {}): WebSocketFake {
    return WebSocketFake.begin(options);
  }

  /** See {@link WebSocketManager.handle}. */
  static handle(event: SqsEvent): Promise<SqsBatchResponse>;
  static handle(event: unknown, origin?: EventOrigin): Promise<WebSocketResponse>;
  static handle(event: unknown, origin?: EventOrigin): Promise<WebSocketResponse | SqsBatchResponse> {
    return manager().handle(event, origin);
  }

  /** See {@link WebSocketManager.sendToConnection}. */
  static sendToConnection(connectionId: string, data: unknown): Promise<boolean> {
    return manager().sendToConnection(connectionId, data);
  }

  /** See {@link WebSocketManager.sendToConnections}. */
  static sendToConnections(connectionIds: readonly string[], data: unknown): Promise<Record<string, boolean>> {
    return manager().sendToConnections(connectionIds, data);
  }

  /** See {@link WebSocketManager.broadcast}. */
  static broadcast(data: unknown): Promise<Record<string, boolean>> {
    return manager().broadcast(data);
  }

  /** See {@link WebSocketManager.sendToUser}. */
  static sendToUser(userId: UserId, data: unknown): Promise<Record<string, boolean>> {
    return manager().sendToUser(userId, data);
  }

  /** See {@link WebSocketManager.sendToUsers}. */
  static sendToUsers(userIds: readonly UserId[], data: unknown): Promise<Record<string, Record<string, boolean>>> {
    return manager().sendToUsers(userIds, data);
  }

  /** See {@link WebSocketManager.sendToChannel}. */
  static sendToChannel(channel: string, data: unknown): Promise<Record<string, boolean>> {
    return manager().sendToChannel(channel, data);
  }

  /** See {@link WebSocketManager.to}. */
  static to(...channels: readonly string[]): WebSocketSelection {
    return manager().to(...channels);
  }

  /** See {@link WebSocketManager.toUser}. */
  static toUser(...userIds: readonly UserId[]): WebSocketSelection {
    return manager().toUser(...userIds);
  }

  /** See {@link WebSocketManager.except}. */
  static except(...connectionIds: readonly string[]): WebSocketSelection {
    return manager().except(...connectionIds);
  }

  /** See {@link WebSocketManager.joinChannel}. */
  static joinChannel(connectionId: string, channel: string): Promise<boolean> {
    return manager().joinChannel(connectionId, channel);
  }

  /** See {@link WebSocketManager.leaveChannel}. */
  static leaveChannel(connectionId: string, channel: string): Promise<boolean> {
    return manager().leaveChannel(connectionId, channel);
  }

  /** See {@link WebSocketManager.publish}. */
  static publish(channel: string, data: unknown, options?: ChannelPublishOptions): Promise<PublishedChannelMessage> {
    return manager().publish(channel, data, options);
  }

  /** See {@link WebSocketManager.getPresence}. */
  static getPresence(channel: string): Promise<WireMember[]> {
    return manager().getPresence(channel);
  }

  /** See {@link WebSocketManager.countPresence}. */
  static countPresence(channel: string): Promise<number> {
    return manager().countPresence(channel);
  }

  /** See {@link WebSocketManager.getHistory}. */
  static getHistory(channel: string, limit?: number): Promise<ChannelMessage[]> {
    return manager().getHistory(channel, limit);
  }

  /** See {@link WebSocketManager.unsubscribe}. */
  static unsubscribe(connectionId: string, channel: string, reason?: string): Promise<boolean> {
    return manager().unsubscribe(connectionId, channel, reason);
  }

  /** See {@link WebSocketManager.getConnectionsByUserId}. */
  static getConnectionsByUserId(userId: UserId): Promise<string[]> {
    return manager().getConnectionsByUserId(userId);
  }

  /** See {@link WebSocketManager.getConnectionsByChannel}. */
  static getConnectionsByChannel(channel: string): Promise<string[]> {
    return manager().getConnectionsByChannel(channel);
  }

  /** See {@link WebSocketManager.getChannelsByConnection}. */
  static getChannelsByConnection(connectionId: string): Promise<string[]> {
    return manager().getChannelsByConnection(connectionId);
  }

  /** See {@link WebSocketManager.getAllChannels}. */
  static getAllChannels(): Promise<string[]> {
    return manager().getAllChannels();
  }

  /** See {@link WebSocketManager.getAllConnections}. */
  static getAllConnections(): Promise<string[]> {
    return manager().getAllConnections();
  }

  /** See {@link WebSocketManager.getConnection}. */
  static getConnection(connectionId: string): Promise<Connection | null> {
    return manager().getConnection(connectionId);
  }

  /** See {@link WebSocketManager.connectionExists}. */
  static connectionExists(connectionId: string): Promise<boolean> {
    return manager().connectionExists(connectionId);
  }

  /** See {@link WebSocketManager.connections}. */
  static connections(): AsyncIterable<readonly string[]> {
    return manager().connections();
  }

  /** See {@link WebSocketManager.membersOf}. */
  static membersOf(channel: string): AsyncIterable<readonly string[]> {
    return manager().membersOf(channel);
  }

  /** See {@link WebSocketManager.getStats}. */
  static getStats(): Promise<WebSocketStats> {
    return manager().getStats();
  }

  /** See {@link WebSocketManager.disconnect}. */
  static disconnect(connectionId: string, options?: CloseOptions): Promise<boolean> {
    return manager().disconnect(connectionId, options);
  }

  /** See {@link WebSocketManager.disconnectUser}. */
  static disconnectUser(userId: UserId, options?: CloseOptions): Promise<Record<string, boolean>> {
    return manager().disconnectUser(userId, options);
  }

  /** See {@link WebSocketManager.getBroadcast}. */
  static getBroadcast(broadcastId: string): Promise<BroadcastReport | null> {
    return manager().getBroadcast(broadcastId);
  }

  /** See {@link WebSocketManager.untilBroadcast}. */
  static untilBroadcast(broadcastId: string, options?: UntilBroadcastOptions): Promise<BroadcastReport | null> {
    return manager().untilBroadcast(broadcastId, options);
  }

  /** See {@link WebSocketManager.cleanup}. */
  static cleanup(options?: CleanupOptions): Promise<number> {
    return manager().cleanup(options);
  }

  /** See {@link WebSocketManager.health}. */
  static health(): Promise<WebSocketHealth> {
    return manager().health();
  }
}

function manager(): WebSocketManager {
  return currentManager();
}
