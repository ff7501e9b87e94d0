import type { WebSocketConnectEvent, WebSocketMessageEvent } from '../protocol/events.js';

/** Who asks to be authenticated, and with what. */
export interface AuthenticationRequest {
  readonly connectionId: string;
  /** The client's headers, their names in lower case; empty for the message `authenticate`, which has none. */
  readonly headers: Readonly<Record<string, string>>;
  /** The query string's parameters; empty for the message `authenticate`. */
  readonly query: Readonly<Record<string, string>>;
  /** The subprotocols that the client offers, in its order: a browser can put a token there. */
  readonly protocols: readonly string[];
  /** The client's address; empty when it is not known. */
  readonly sourceIp: string;
  /** The event as `handle` got it. */
  readonly event: WebSocketConnectEvent | WebSocketMessageEvent;
  /** The decoded message `authenticate`; absent for a handshake. */
  readonly body?: unknown;
}

/**
 * Who a client is. Becomes `requestContext.authorizer` of all events of the connection, every value as a string; at most 8 KB of JSON, and no objects or
 * arrays, as at API Gateway.
 */
export interface Authentication {
  /** The connection's user id. */
  readonly userId?: string | number;
  /** When the authentication ends unless it is refreshed, in milliseconds since the Unix epoch. @default never */
  readonly expiresAt?: number;
  readonly [key: string]: unknown;
}

/** Tells who a client is; `null` for nobody. */
export type Authenticate = (request: AuthenticationRequest) => Authentication | null | Promise<Authentication | null>;

/** What a provider implements that authenticates clients. */
export interface WebSocketAuthenticator {
  authenticate: Authenticate;
}

/** What admission holds clients to. `null` is no limit. */
export interface AdmissionRules {
  readonly authenticateTimeoutMs: number;
  readonly requireAuthentication: boolean;
  readonly authenticateWithinMs: number | null;
  readonly refreshGraceMs: number;
  readonly origins: readonly string[] | null;
  readonly allowMissingOrigin: boolean;
  readonly allowedIps: readonly string[] | null;
  readonly maxUrlBytes: number;
  readonly maxConnections: number | null;
  readonly maxConnectionsPerUser: number | null;
  readonly maxConnectionsPerIp: number | null;
  readonly handshakesPerSecond: number | null;
  readonly handshakesPerSecondPerIp: number | null;
  readonly messagesPerSecond: number | null;
  /** `null` is as many as `messagesPerSecond`. */
  readonly messageBurst: number | null;
  readonly maxMessageBytes: number | null;
}
