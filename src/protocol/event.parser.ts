import { MalformedEventError } from '../errors/malformed-event.error.js';
import type {
  WebSocketConnectEvent,
  WebSocketDisconnectEvent,
  WebSocketEvent,
  WebSocketMessageEvent,
  WebSocketRequestContext,
} from './events.js';
import { nestsDeeperThan, parseJson } from './json.js';
import { NameLimits } from './limits.js';
import { isConnectionId, isName, normalizeUserId } from './name.js';
import { ReservedRoutes } from './route-selection.js';

interface ParsedBase {
  readonly connectionId: string;
  readonly routeKey: string;
  /** When the connection was opened (epoch ms), `null` when the event does not say. */
  readonly connectedAt: number | null;
  readonly userId: string | null;
  readonly context: WebSocketRequestContext;
}

/** An event whose fields have been checked, told apart by `type`. */
export type ParsedEvent =
  | (ParsedBase & { readonly type: 'CONNECT'; readonly event: WebSocketConnectEvent })
  | (ParsedBase & { readonly type: 'MESSAGE'; readonly event: WebSocketMessageEvent; readonly message: unknown })
  | (ParsedBase & {
      readonly type: 'DISCONNECT';
      readonly event: WebSocketDisconnectEvent;
      readonly code: number | null;
      readonly reason: string | null;
    });

/** How much of a message body is taken in. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The start of a JSON array or object; no other text nests. */
const CONTAINER = /^[ \t\r\n]*[[{]/;

/**
 * Reads an API Gateway WebSocket event. Tolerant where AWS has changed the shape over the years: optional fields may be absent or
 * `null`, unknown ones are left alone, and an event without `eventType` is told by its route key.
 *
 * @throws MalformedEventError saying which field was expected to be what; never repeats a value of the event
 */
export function parseEvent(event: unknown, limits: BodyLimits): ParsedEvent {
  const { requestContext: context } = requireObject(event, 'the event') as Partial<WebSocketEvent>;
  requireObject(context, 'requestContext');
  const base = parseContext(context as WebSocketRequestContext);
  switch (typeOf(context as WebSocketRequestContext)) {
    case 'CONNECT':
      return { type: 'CONNECT', ...base, event: event as WebSocketConnectEvent };
    case 'DISCONNECT':
      return { type: 'DISCONNECT', ...base, event: event as WebSocketDisconnectEvent, ...closing(event) };
    default:
      return {
        type: 'MESSAGE',
        ...base,
        event: event as WebSocketMessageEvent,
        message: decodeBody(event as WebSocketMessageEvent, limits),
      };
  }
}

function parseContext(context: WebSocketRequestContext): ParsedBase {
  const { connectionId, routeKey, connectedAt, authorizer } = context as { [field: string]: unknown } & typeof context;
  if (!isConnectionId(connectionId))
    throw expected('requestContext.connectionId', nameOf(NameLimits.connectionIdChars), connectionId);
  if (!isName(routeKey, NameLimits.routeKeyChars))
    throw expected('requestContext.routeKey', nameOf(NameLimits.routeKeyChars), routeKey);
  return {
    connectionId,
    routeKey,
    connectedAt:
      typeof connectedAt === 'number' && Number.isFinite(connectedAt) && connectedAt > 0 ? connectedAt : null,
    userId: parseUserId(authorizer),
    context,
  };
}

function parseUserId(authorizer: unknown): string | null {
  if (typeof authorizer !== 'object' || authorizer === null) return null;
  const { userId } = authorizer as { userId?: unknown };
  if (userId === undefined || userId === null || userId === '') return null;
  const normalized = normalizeUserId(userId);
  if (normalized === null) throw expected('requestContext.authorizer.userId', nameOf(NameLimits.userIdChars), userId);
  return normalized;
}

function typeOf(context: WebSocketRequestContext): 'CONNECT' | 'MESSAGE' | 'DISCONNECT' {
  const { eventType, routeKey } = context;
  if (eventType === 'CONNECT' || eventType === 'MESSAGE' || eventType === 'DISCONNECT') return eventType;
  if (routeKey === ReservedRoutes.connect) return 'CONNECT';
  if (routeKey === ReservedRoutes.disconnect) return 'DISCONNECT';
  return 'MESSAGE';
}

function closing(event: unknown): { code: number | null; reason: string | null } {
  const { disconnectStatusCode: code, disconnectReason: reason } = (event as WebSocketDisconnectEvent).requestContext;
  return {
    code: typeof code === 'number' ? code : null,
    reason: typeof reason === 'string' && reason !== '' ? reason : null,
  };
}

/** The decoded JSON of a body; `null` when there is none, or it is not JSON, or not UTF-8. */
function decodeBody(event: WebSocketMessageEvent, limits: BodyLimits): unknown {
  const body: unknown = event.body;
  if (body === undefined || body === null) return null;
  if (typeof body !== 'string') throw expected('body', 'a string', body);
  // A string has at least as many bytes as characters; base64 stands for three quarters as many.
  const maxChars = event.isBase64Encoded === true ? Math.ceil(limits.maxBytes / 3) * 4 : limits.maxBytes;
  if (body.length > maxChars) throw tooLarge(limits);
  const text = event.isBase64Encoded === true ? decodeBase64(body) : body;
  if (text === null) return null;
  if (text.length * 3 > limits.maxBytes && byteLength(text) > limits.maxBytes) throw tooLarge(limits);
  if (CONTAINER.test(text) && nestsDeeperThan(limits.maxDepth, text)) {
    throw new MalformedEventError(`Expected the body to nest at most ${limits.maxDepth} levels deep.`);
  }
  return parseJson(text) ?? null;
}

function decodeBase64(body: string): string | null {
  try {
    return decoder.decode(Uint8Array.from(atob(body), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function requireObject(value: unknown, field: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw expected(field, 'an object', value);
}

function expected(field: string, what: string, got: unknown): MalformedEventError {
  const type = got === null ? 'null' : Array.isArray(got) ? 'array' : typeof got;
  return new MalformedEventError(`Malformed event: expected ${field} to be ${what}, got ${type}.`);
}

function nameOf(maxChars: number): string {
  return `a string of 1 to ${maxChars} characters`;
}

function tooLarge(limits: BodyLimits): MalformedEventError {
  return new MalformedEventError(`Expected the body to be at most ${limits.maxBytes} bytes.`, 413);
}
