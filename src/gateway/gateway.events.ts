import type {
  WebSocketAuthorizer,
  WebSocketConnectEvent,
  WebSocketDisconnectEvent,
  WebSocketIdentity,
  WebSocketMessageEvent,
  WebSocketRequestContext,
} from '../protocol/events.js';
import { ReservedRoutes } from '../protocol/route-selection.js';
import { createId, createTraceId } from './identifier.js';
import { pathAndQueryOf } from './listening/request.target.js';

/** What stays the same in all the events of one connection. */
export interface EventSource {
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly domainName: string;
  readonly stage: string;
  readonly apiId: string;
  readonly identity: WebSocketIdentity;
  /** Whom an authorizer let in; known from the CONNECT event on. */
  authorizer?: WebSocketAuthorizer;
}

/** What of an upgrade request gets into its event; an `IncomingMessage` has it. */
export interface UpgradeFacts {
  readonly rawHeaders: readonly string[];
  readonly url?: string | undefined;
  /** A TLS socket has `encrypted`. */
  readonly socket: { readonly localPort?: number | undefined; readonly encrypted?: boolean };
}

// API Gateway ends TLS and HTTP/1.1 before it makes an event of a request.
const HOP_BY_HOP = new Set([
  'connection',
  'upgrade',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
]);

/** The CONNECT event of an upgrade request, key by key as API Gateway makes it. */
export function connectEvent(source: EventSource, request: UpgradeFacts, now: number): WebSocketConnectEvent {
  const headers = groupHeaders(request, source, now);
  const query = groupQuery(pathAndQueryOf(request));
  return {
    headers: lastOfEach(headers),
    multiValueHeaders: Object.fromEntries(headers),
    ...(query.size > 0 && {
      queryStringParameters: lastOfEach(query),
      multiValueQueryStringParameters: Object.fromEntries(query),
    }),
    requestContext: requestContext(source, ReservedRoutes.connect, 'CONNECT', now),
    isBase64Encoded: false,
  };
}

/** The MESSAGE event of a frame. */
export function messageEvent(
  source: EventSource,
  routeKey: string,
  body: string,
  isBase64Encoded: boolean,
  now: number,
): WebSocketMessageEvent {
  const context = { ...requestContext(source, routeKey, 'MESSAGE', now), messageId: createId() };
  return { requestContext: context, body, isBase64Encoded };
}

/** The DISCONNECT event of a connection that closed. Its headers are the synthetic ones that API Gateway sends. */
export function disconnectEvent(
  source: EventSource,
  code: number,
  reason: string,
  now: number,
): WebSocketDisconnectEvent {
  const headers = { Host: source.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' };
  const { routeKey, ...rest } = requestContext(source, ReservedRoutes.disconnect, 'DISCONNECT', now);
  return {
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    requestContext: { routeKey, disconnectStatusCode: code, ...rest, disconnectReason: reason },
    isBase64Encoded: false,
  };
}

function requestContext(
  source: EventSource,
  routeKey: string,
  eventType: string,
  now: number,
): WebSocketRequestContext {
  const requestId = createId();
  return {
    routeKey,
    ...(source.authorizer !== undefined && { authorizer: source.authorizer }),
    eventType,
    extendedRequestId: requestId,
    requestTime: commonLogTime(now),
    messageDirection: 'IN',
    stage: source.stage,
    connectedAt: source.connectedAt,
    requestTimeEpoch: now,
    identity: source.identity,
    requestId,
    domainName: source.domainName,
    connectionId: source.connectionId,
    apiId: source.apiId,
  };
}

/** The values of each header under the name as the client spelled it first, with those that API Gateway adds. */
function groupHeaders(request: UpgradeFacts, source: EventSource, now: number): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  const spelling = new Map<string, string>();
  const add = (name: string, value: string): void => {
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key)) return;
    const spelled = spelling.get(key) ?? name;
    spelling.set(key, spelled);
    append(headers, spelled, value);
  };
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    add(request.rawHeaders[index] as string, request.rawHeaders[index + 1] as string);
  }
  const isEncrypted = 'encrypted' in request.socket;
  if (!spelling.has('x-amzn-trace-id')) add('X-Amzn-Trace-Id', createTraceId(now));
  add('X-Forwarded-For', source.identity.sourceIp);
  if (!spelling.has('x-forwarded-port')) add('X-Forwarded-Port', String(request.socket.localPort ?? ''));
  if (!spelling.has('x-forwarded-proto')) add('X-Forwarded-Proto', isEncrypted ? 'https' : 'http');
  return headers;
}

function groupQuery(url: string): Map<string, string[]> {
  const query = new Map<string, string[]>();
  const [, search = ''] = url.split(/\?(.*)/s);
  for (const [name, value] of new URLSearchParams(search)) append(query, name, value);
  return query;
}

function append(values: Map<string, string[]>, name: string, value: string): void {
  const all = values.get(name);
  if (all === undefined) values.set(name, [value]);
  else all.push(value);
}

/** One value for each name: the last, as API Gateway picks it. Own properties even for a header called `__proto__`. */
function lastOfEach(values: ReadonlyMap<string, readonly string[]>): Record<string, string> {
  return Object.fromEntries([...values].map(([name, all]) => [name, all.at(-1) ?? '']));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// Many events fall into one second, and the text is the same for all of them.
let lastSecond = NaN;
let lastText = '';

/** `09/Feb/2024:18:11:43 +0000` */
function commonLogTime(now: number): string {
  const second = Math.floor(now / 1_000);
  if (second !== lastSecond) {
    lastText = textOfTime(new Date(now));
    lastSecond = second;
  }
  return lastText;
}

function textOfTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()] ?? ''}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}
