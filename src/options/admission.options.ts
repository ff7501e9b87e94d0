import type { Authenticate, WebSocketAuthenticator } from '../admission/admission.rules.js';

/** A provider of the application by its class or token, an object, or a function. */
export type AuthenticateOption =
  Authenticate | WebSocketAuthenticator | (abstract new (...args: never[]) => WebSocketAuthenticator) | string | symbol;

/** Who may connect, and how much they may send. Each limit that is left out is none. */
export interface AdmissionOptions {
  /** Tells who a client is: a function, or a provider of the application with a method `authenticate`. @default none */
  readonly authenticate?: AuthenticateOption;

  /** How long that may take, in milliseconds; then the client is refused with 503. @default 10_000 */
  readonly authenticateTimeoutMs?: number;

  /** Whether clients that nobody has authenticated are refused with 401. @default process.env.WEBSOCKET_AUTH_ENABLED, then whether `authenticate` is given */
  readonly requireAuthentication?: boolean;

  /** How long a client may stay open, in milliseconds, before it sends its authentication as a message. @default none: it must come with the handshake */
  readonly authenticateWithinMs?: number;

  /** How long after the end of its authentication a connection is closed that has not refreshed it, in milliseconds. @default 25_000 */
  readonly refreshGraceMs?: number;

  /** The origins whose pages may connect, e.g. `https://example.com`; others are refused with 403. @default all */
  readonly origins?: readonly string[];

  /** Whether clients without an Origin header may connect when `origins` is given: all that are not browsers. @default true */
  readonly allowMissingOrigin?: boolean;

  /** The addresses that may connect, in CIDR notation; others are refused with 403. @default all */
  readonly allowedIps?: readonly string[];

  /** The longest query string, in bytes; a longer one is refused with 413. API Gateway takes URLs of 4,096. @default 4_096 */
  readonly maxUrlBytes?: number;

  /** The most connections in all; further ones are refused with 503. @default process.env.WEBSOCKET_MAX_CLIENTS, then no limit */
  readonly maxConnections?: number;

  /** The most connections of one user; further ones are refused with 429. @default no limit */
  readonly maxConnectionsPerUser?: number;

  /** The most connections of one IPv4 address or IPv6 /64; further ones are refused with 429. @default no limit */
  readonly maxConnectionsPerIp?: number;

  /** The most handshakes a second in all; further ones are refused with 429. @default no limit */
  readonly handshakesPerSecond?: number;

  /** The most handshakes a second of one IPv4 address or IPv6 /64; further ones are refused with 429. @default no limit */
  readonly handshakesPerSecondPerIp?: number;

  /** The most messages a second of one connection, once `messageBurst` is used up; further ones are not handled. @default no limit */
  readonly messagesPerSecond?: number;

  /** How many messages a connection may send at once after a rest. @default the option `messagesPerSecond` */
  readonly messageBurst?: number;

  /** The largest message, in bytes; a larger one is not handled. @default the option `maxBodyBytes` */
  readonly maxMessageBytes?: number;
}
