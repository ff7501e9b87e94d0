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
  /** A client said `hello`: it is open, and can be welcomed. */
  Ready: 'websocket.ready',
  /** A client published a message to a channel, and everybody there has it. */
  ChannelMessage: 'websocket.channel.message',
  /** A member appeared in a channel with presence, with the first of their connections. */
  PresenceJoined: 'websocket.presence.joined',
  /** A member vanished from a channel with presence, with the last of their connections. */
  PresenceLeft: 'websocket.presence.left',
  /** A message to many connections is still being sent; again and again while it lasts. */
  DeliveryProgress: 'websocket.delivery.progress',
  /** A message has been sent, to one connection or to many, as far as it could be. */
  DeliveryCompleted: 'websocket.delivery.completed',
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

/** The payload of `websocket.channel.message`, and what a method with `@OnChannelMessage` is called with. */
export interface ChannelMessageEvent<Data = unknown> {
  readonly connectionId: string;
  /** Who published it; `null` for an anonymous connection. */
  readonly userId: string | null;
  readonly channel: string;
  /** What stands in the channel's name in the place of each parameter of the pattern. */
  readonly params: Readonly<Record<string, string>>;
  /** What the client called it. */
  readonly event?: string;
  readonly data: Data;
  readonly messageId: string;
  /** When it was published, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Its number, in a channel with history. */
  readonly offset?: number;
  readonly epoch?: string;
  /** The event as API Gateway sent it. */
  readonly eventData: WebSocketMessageEvent;
}

/** The payload of `websocket.ready`. What a listener returns becomes the `data` of the `welcome`. */
export interface ReadyEvent {
  readonly connectionId: string;
  readonly connection: Connection;
  /** The event of the `hello`, as API Gateway sent it. */
  readonly eventData: WebSocketMessageEvent;
}

/** The payload of `websocket.presence.joined` and `websocket.presence.left`. */
export interface PresenceEvent<Info = unknown> {
  readonly channel: string;
  readonly member: {
    /** Their user id; where they have none, the id of their connection. */
    readonly id: string;
    /** What the channel's rule told of them; `null` for nothing, and of one who left where this process does not know it. */
    readonly info: Info;
  };
}

/** How many of the recipients of a message had their outcome within which time. */
export interface LatencyDistribution {
  /** The upper bounds of the buckets, in milliseconds, each part of its bucket. The last bucket has none. */
  readonly boundsMs: readonly number[];
  /** How many recipients are in each bucket: one more number than there are bounds. */
  readonly counts: readonly number[];
  /** All latencies together, in milliseconds. */
  readonly sumMs: number;
}

/** The payload of `websocket.delivery.progress`. Recipients are counted when they are looked up, so their number may still grow. */
export interface DeliveryProgressEvent {
  /** The same in every event of one message. */
  readonly broadcastId: string;
  readonly recipients: number;
  readonly delivered: number;
  /** Connections that no longer exist. */
  readonly gone: number;
  /** Connections that API Gateway answered 429 for until the time was up. */
  readonly throttled: number;
  readonly failed: number;
  /** Recipients whose outcome is not known yet. */
  readonly inFlight: number;
  /** Time since the message was given to be sent, in milliseconds. */
  readonly durationMs: number;
  /** From the first attempt to the last answer, retries included, of the recipients whose outcome is known. */
  readonly latency: LatencyDistribution;
}

/** The payload of `websocket.delivery.completed`: the final counts, and how it ended. */
export interface DeliveryCompletedEvent extends DeliveryProgressEvent {
  /** The sending was given up, by its signal or its time limit. */
  readonly isAborted: boolean;
  /** What the call rejected with, such as a `StoreUnavailableError`; absent when it resolved. */
  readonly error?: unknown;
}

/** Event names and their payloads. */
export interface WebSocketEventMap {
  'websocket.connected': ConnectedEvent;
  'websocket.disconnected': DisconnectedEvent;
  'websocket.message': MessageEvent;
  'websocket.channel.joined': ChannelMembershipEvent;
  'websocket.channel.left': ChannelMembershipEvent;
  'websocket.ready': ReadyEvent;
  'websocket.channel.message': ChannelMessageEvent;
  'websocket.presence.joined': PresenceEvent;
  'websocket.presence.left': PresenceEvent;
  'websocket.delivery.progress': DeliveryProgressEvent;
  'websocket.delivery.completed': DeliveryCompletedEvent;
}

const PREFIX = 'websocket.';

const RESERVED_ROUTES: ReadonlySet<string> = new Set(['connected', 'disconnected']);

/** What these start with, up to the first dot, is reserved. */
const RESERVED_FAMILIES: ReadonlySet<string> = new Set(['channel', 'delivery', 'presence', 'ready']);

/**
 * The event of a message route: `websocket.message` for `$default` and `message`, `websocket.{routeKey}` for others; `null` for a
 * route that must not have one. A client picks its route through the message body, so no route may raise a lifecycle event, and
 * none may carry the `*` that a wildcard emitter would match against every listener.
 */
export function eventOfRoute(routeKey: string): string | null {
  if (routeKey === '$default' || routeKey === 'message') return WebSocketEvents.Message;
  const [family = ''] = routeKey.split('.', 1);
  const isReserved = RESERVED_ROUTES.has(routeKey) || RESERVED_FAMILIES.has(family);
  return isReserved || routeKey.includes('*') ? null : PREFIX + routeKey;
}

/** The route that a listener of this event serves, `null` when the event is no route's. The reverse of {@link eventOfRoute}. */
export function routeOfEvent(event: string): string | null {
  if (event === WebSocketEvents.Message) return '$default';
  const routeKey = event.startsWith(PREFIX) ? event.slice(PREFIX.length) : '';
  return routeKey !== '' && eventOfRoute(routeKey) === event ? routeKey : null;
}
