import type { Connection, DisconnectCause } from '../contracts/connection.js';
import type { WebSocketConnectEvent, WebSocketDisconnectEvent, WebSocketMessageEvent } from '../protocol/events.js';

/** The names of the events that the package emits. Custom routes emit `websocket.{routeKey}` beside them. */
export const WebSocketEvents = Object.freeze({
  /** A connection was accepted and stored. */
  Connected: 'websocket.connected',
  /** A connection ended; fired once for each accepted connection, after it was removed. */
  Disconnected: 'websocket.disconnected',
  /** A message came in on `$default`, or on a route called `message`. */
  Message: 'websocket.message',
  /** A connection became a member of a channel. */
  ChannelJoined: 'websocket.channel.joined',
  /** A connection stopped being a member of a channel, by leaving it or by ending. */
  ChannelLeft: 'websocket.channel.left',
} as const);

/** The payload of `websocket.connected`. */
export interface ConnectedEvent {
  readonly connectionId: string;
  readonly connection: Connection;
  /** The event as API Gateway sent it. The only one with the client's headers and query string. */
  readonly eventData: WebSocketConnectEvent;
}

/** The payload of `websocket.disconnected`. */
export interface DisconnectedEvent {
  readonly connectionId: string;
  /** What the connection was. */
  readonly connection: Connection;
  /** The channels it was in until now. */
  readonly channels: readonly string[];
  readonly cause: DisconnectCause;
  /** The WebSocket close code, when it is known. */
  readonly code?: number;
  readonly reason?: string;
  /** The event as API Gateway sent it, when a `$disconnect` brought the news. */
  readonly eventData?: WebSocketDisconnectEvent;
}

/** The payload of `websocket.message` and of every custom route. */
export interface MessageEvent<Message = unknown> {
  readonly connectionId: string;
  /** The decoded JSON of the body; `null` when the body is missing or not JSON. */
  readonly message: Message;
  readonly eventData: WebSocketMessageEvent;
}

/** The payload of `websocket.channel.joined` and `websocket.channel.left`. */
export interface ChannelMembershipEvent {
  readonly connectionId: string;
  readonly channel: string;
}

/** Event names and their payloads. */
export interface WebSocketEventMap {
  'websocket.connected': ConnectedEvent;
  'websocket.disconnected': DisconnectedEvent;
  'websocket.message': MessageEvent;
  'websocket.channel.joined': ChannelMembershipEvent;
  'websocket.channel.left': ChannelMembershipEvent;
}

const PREFIX = 'websocket.';

/**
 * The event of a message route: `websocket.message` for `$default` and `message`, `websocket.{routeKey}` for others; `null` for a
 * route that must not have one. A client picks its route through the message body, so no route may raise a lifecycle event, and
 * none may carry the `*` that a wildcard emitter would match against every listener.
 */
export function eventOfRoute(routeKey: string): string | null {
  if (routeKey === '$default' || routeKey === 'message') return WebSocketEvents.Message;
  const lifecycle =
    routeKey === 'connected' ||
    routeKey === 'disconnected' ||
    routeKey === 'channel' ||
    routeKey.startsWith('channel.');
  return lifecycle || routeKey.includes('*') ? null : PREFIX + routeKey;
}

/** The route that a listener of this event serves, `null` when the event is no route's. The reverse of {@link eventOfRoute}. */
export function routeOfEvent(event: string): string | null {
  if (event === WebSocketEvents.Message) return '$default';
  const routeKey = event.startsWith(PREFIX) ? event.slice(PREFIX.length) : '';
  return routeKey !== '' && eventOfRoute(routeKey) === event ? routeKey : null;
}
