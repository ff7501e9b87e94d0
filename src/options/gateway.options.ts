import type { ClusterOptions } from './cluster.options.js';
import type { WebSocketLambdaAuthorizer } from '../protocol/authorizer.js';
import type { CompressionOptions } from './compression.options.js';
import type { GatewayDrainOptions, GatewayProbesOptions, GatewayTlsOptions } from './listening.options.js';

/** A pair of keys that requests to the embedded gateway's `@connections` must be signed with. */
export interface GatewayCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How the embedded gateway listens and routes. */
export interface EmbeddedGatewayOptions {
  /** The path of the WebSocket endpoint; `@connections` is below it. @default process.env.WEBSOCKET_PATH, then '/ws' */
  readonly path?: string;

  /** A port of its own; 0 takes a free one. @default process.env.WEBSOCKET_PORT, then the Nest application's HTTP server */
  readonly port?: number;

  /** The address to listen on; only with `port`. @default process.env.WEBSOCKET_HOST, then '127.0.0.1' */
  readonly host?: string;

  /** A Unix socket to listen on in place of a port, at most 103 bytes. What a process that died left there is taken over. @default none */
  readonly socketPath?: string;

  /** Serves `wss://` on the gateway's own port. @default process.env.WEBSOCKET_SSL_CERT_PATH and WEBSOCKET_SSL_KEY_PATH, then off */
  readonly tls?: GatewayTlsOptions | false;

  /** How many connections may wait to be accepted, on a port or socket of its own; the kernel's limit counts too. @default 511 */
  readonly backlog?: number;

  /** The largest head of a request, in bytes, on a port or socket of its own; a larger one is answered 431. @default 16_384 */
  readonly maxHeaderBytes?: number;

  /** How long a client may take for TLS, and how long for the head of a request, in milliseconds, on a port or socket of its own. @default 10_000 */
  readonly handshakeTimeoutMs?: number;

  /** How the gateway parts from its clients when the application closes. */
  readonly drain?: GatewayDrainOptions;

  /** Paths that tell whether the process is well. @default on with a port or socket of its own, off on the server of the application */
  readonly probes?: GatewayProbesOptions | false;

  /** `requestContext.stage` of the events. @default the path without its slashes */
  readonly stage?: string;

  /** `requestContext.apiId` of the events. @default 'local' */
  readonly apiId?: string;

  /** How a message selects its route, in API Gateway's syntax. @default '$request.body.action' */
  readonly routeSelectionExpression?: string;

  /** The route keys that exist; `$default` is one of them if listed. @default those that the application has listeners for */
  readonly routes?: readonly string[];

  /** The route keys whose listeners' return value is sent back to the client. @default none */
  readonly routeResponses?: readonly string[];

  /**
   * `api-gateway` holds clients to what API Gateway allows: frames of 32 KB, messages of 128 KB, no binary, 10 minutes without data, 2 hours of
   * life. The options below may make that narrower, not wider.
   *
   * @default process.env.WEBSOCKET_LIMITS, then 'generous'
   */
  readonly limits?: 'api-gateway' | 'generous';

  /** The largest message from a client, in bytes; a larger one closes the connection with 1009. @default the option `maxBodyBytes` */
  readonly maxMessageBytes?: number;

  /** How long a connection may carry no data in either direction, in seconds, before it is closed with 1001. Pings do not count. @default none */
  readonly idleTimeoutSeconds?: number;

  /** How old a connection may get, in seconds, before it is closed with 1001. @default none */
  readonly maxConnectionSeconds?: number;

  /** How often each client is pinged, in seconds; 0 sends no pings. @default process.env.WEBSOCKET_PING_INTERVAL, then 30 */
  readonly pingIntervalSeconds?: number;

  /** How long a client may take to answer a ping, in seconds, before its connection is dropped; anything that it sends is an answer. @default 10 */
  readonly pongTimeoutSeconds?: number;

  /** How many messages of one connection are handled at once; more are left in the socket until one is done. @default 64 */
  readonly maxInFlightMessages?: number;

  /** How many bytes may wait for a client that reads slowly before sends to it are `throttled`. @default 1_048_576 */
  readonly maxBufferedBytes?: number;

  /** How long more than that may wait for a client, in seconds, before its connection is closed with 1013. @default 30 */
  readonly slowConsumerSeconds?: number;

  /**
   * Compresses messages for clients that take them so (permessage-deflate), each once for all its recipients, and takes compressed ones.
   *
   * @default false
   */
  readonly compression?: boolean | CompressionOptions;

  /** How gateways that share a Redis work as one; `false` keeps this one alone. @default process.env.WEBSOCKET_CLUSTER, then on with Redis */
  readonly cluster?: ClusterOptions | false;

  /** Runs before `$connect`, as a Lambda REQUEST authorizer does on API Gateway; its context is on every event of the connection. @default none */
  readonly authorizer?: WebSocketLambdaAuthorizer;

  /**
   * What a handshake must have before the authorizer is called, else it is answered 401: `route.request.querystring.token`,
   * `route.request.header.Authorization`.
   *
   * @default none
   */
  readonly authorizerIdentitySources?: readonly string[];

  /** How many proxies stand in front: the client's address is that many entries from the right in X-Forwarded-For. @default 0 */
  readonly trustedProxies?: number;

  /** Keys for `@connections`. Without them it answers 403 to everyone. @default none */
  readonly credentials?: GatewayCredentials;

  /** The region that requests to `@connections` must be signed for. @default any */
  readonly region?: string;
}
