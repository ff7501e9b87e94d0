import { UnsentCloses } from '../protocol/close-codes.js';
import { connectEvent, disconnectEvent, messageEvent, type EventSource } from '../gateway/gateway.events.js';
import { createId } from '../gateway/identifier.js';
import type { WebSocketConnectEvent, WebSocketDisconnectEvent, WebSocketMessageEvent } from '../protocol/events.js';
import { compileRouteSelection, ReservedRoutes } from '../protocol/route-selection.js';

/** What an event says of its connection and its API. Everything has a default. */
export interface EventFields {
  /** The user whom the authorizer named: `requestContext.authorizer.userId`. @default none, and with it no authorizer */
  readonly userId?: string | number;
  /** What the authorizer put in its `context`, beside `userId`; values become texts, as on API Gateway. */
  readonly authorizer?: Readonly<Record<string, string | number | boolean>>;
  /** When the event happened, in milliseconds since the Unix epoch. @default now */
  readonly at?: number;
  /** When the connection was opened, in milliseconds since the Unix epoch. @default `at` */
  readonly connectedAt?: number;
  /** @default '192.0.2.1' */
  readonly sourceIp?: string;
  /** What the client calls itself; of a `$connect` in the header `User-Agent`, too. @default that header of a `$connect`, else none */
  readonly userAgent?: string;
  /** @default 'abcd123efg' */
  readonly apiId?: string;
  /** @default 'prod' */
  readonly stage?: string;
  /** @default '{apiId}.execute-api.us-east-1.amazonaws.com' */
  readonly domainName?: string;
}

/** What a `$connect` event may say besides. */
export interface ConnectEventFields extends EventFields {
  /** @default one that no other event has */
  readonly connectionId?: string;
  /** Headers of the handshake, beside those that every handshake has; a list is sent as so many headers. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The query string; a list is a parameter that is there several times. @default none */
  readonly query?: Readonly<Record<string, string | number | readonly string[]>>;
}

/** What the event of a message may say besides. */
export interface MessageEventFields extends EventFields {
  /** The route that API Gateway selected. @default the `action` of the body, as by the expression `$request.body.action`; `$default` without one */
  readonly route?: string;
}

/** What a `$disconnect` event may say besides. */
export interface DisconnectEventFields extends EventFields {
  /** The close code. @default 1005 */
  readonly code?: number;
  /** @default what API Gateway says where the client gave no code, else '' */
  readonly reason?: string;
}

/** How long an authorizer took, in milliseconds; a `$disconnect` does not tell. */
const INTEGRATION_LATENCY_MS = 22;

const selectRoute = compileRouteSelection('$request.body.action');

/** Events as API Gateway would invoke a Lambda function with, to be given to `handle`. */
export const websocketEvent = {
  /**
   * A client asks to connect.
   *
   * @example
   * await manager.handle(websocketEvent.connect({ connectionId: 'a', userId: 42 }));
   */
  connect(fields: ConnectEventFields = {}): WebSocketConnectEvent {
    const { connectionId = createId(), headers = {}, query = {} } = fields;
    const { at = Date.now(), userAgent = valueOf(headers, 'user-agent') } = fields;
    const source = sourceOf(connectionId, { ...fields, at, ...(userAgent !== undefined && { userAgent }) });
    const usual = {
      Host: source.domainName,
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      ...(userAgent !== undefined && { 'User-Agent': userAgent }),
    };
    // Names of headers are the same in any case: what is given takes the place of what is usual.
    const others = Object.entries(usual).filter(([name]) => valueOf(headers, name.toLowerCase()) === undefined);
    const rawHeaders = rawHeadersOf({ ...Object.fromEntries(others), ...headers });
    const socket = { localPort: 443, encrypted: true };
    return connectEvent(withLatency(source), { rawHeaders, url: `/?${textOfQuery(query)}`, socket }, at);
  },

  /**
   * A client sent a message.
   *
   * @param body sent as JSON unless it is a text
   *
   * @example
   * await manager.handle(websocketEvent.message('a', { action: 'join', room: 'lobby' }));
   */
  message(connectionId: string, body: unknown, fields: MessageEventFields = {}): WebSocketMessageEvent {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const { route = routeOf(text), at = Date.now() } = fields;
    return messageEvent(withLatency(sourceOf(connectionId, { ...fields, at })), route, text, false, at);
  },

  /**
   * A connection ended.
   *
   * @example
   * await manager.handle(websocketEvent.disconnect('a', { code: 4000, reason: 'Bye' }));
   */
  disconnect(connectionId: string, fields: DisconnectEventFields = {}): WebSocketDisconnectEvent {
    const { code = UnsentCloses.noStatus.code, at = Date.now() } = fields;
    const { reason = code === UnsentCloses.noStatus.code ? UnsentCloses.noStatus.reason : '' } = fields;
    return disconnectEvent(sourceOf(connectionId, { ...fields, at }), code, reason, at);
  },
};

function sourceOf(connectionId: string, fields: EventFields & { readonly at: number }): EventSource {
  const { at, connectedAt = at, sourceIp = '192.0.2.1', userAgent, apiId = 'abcd123efg', stage = 'prod' } = fields;
  const { domainName = `${apiId}.execute-api.us-east-1.amazonaws.com`, userId, authorizer } = fields;
  const context = { ...(userId !== undefined && { userId }), ...authorizer };
  const texts = Object.fromEntries(Object.entries(context).map(([name, value]) => [name, String(value)]));
  return {
    ...{ connectionId, connectedAt, domainName, stage, apiId },
    identity: { ...(userAgent !== undefined && { userAgent }), sourceIp },
    ...(Object.keys(texts).length > 0 && { authorizer: { principalId: texts['userId'] ?? 'user', ...texts } }),
  };
}

function withLatency(source: EventSource): EventSource {
  const { authorizer } = source;
  if (authorizer === undefined) return source;
  return { ...source, authorizer: { integrationLatency: INTEGRATION_LATENCY_MS, ...authorizer } };
}

/** The last value of a header, whose name is given in lower case. */
function valueOf(headers: NonNullable<ConnectEventFields['headers']>, name: string): string | undefined {
  const values = Object.entries(headers).flatMap(([key, value]) => (key.toLowerCase() === name ? [value].flat() : []));
  return values.at(-1);
}

function rawHeadersOf(headers: NonNullable<ConnectEventFields['headers']>): string[] {
  return Object.entries(headers).flatMap(([name, values]) => [values].flat().flatMap((value) => [name, value]));
}

function textOfQuery(query: NonNullable<ConnectEventFields['query']>): string {
  const text = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) text.append(name, String(value));
  }
  return text.toString();
}

function routeOf(text: string): string {
  const selected = selectRoute(parsed(text)) ?? '';
  return selected === '' || selected.startsWith('$') ? ReservedRoutes.default : selected;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
