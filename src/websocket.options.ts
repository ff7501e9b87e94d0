import type { Clock } from './contracts/clock.js';
import type { ConnectionStore } from './contracts/connection.store.js';
import type { AdmissionOptions } from './options/admission.options.js';
import type { ChannelsOptions } from './options/channels.options.js';
import type { FanOutOptions } from './options/fanout.options.js';
import type { EmbeddedGatewayOptions } from './options/gateway.options.js';
import type { LoggingOptions } from './options/logging.options.js';
import type { MetricsOptions } from './options/metrics.options.js';
import type { DynamoDbStoreOptions, RedisStoreOptions } from './options/store.options.js';
import type { AwsCredentials, ManagementApiClient } from './transports/management-api/management-api.transport.js';

/** What `WebSocketModule.forRoot` takes. Every option has a default. */
export interface WebSocketModuleOptions {
  /**
   * The Management API endpoint that messages go to, e.g. `https://abc123.execute-api.us-east-1.amazonaws.com/production`. Without it each
   * message goes to the endpoint that its connection came in by.
   *
   * @default process.env.WEBSOCKET_API_GATEWAY_ENDPOINT
   */
  readonly apiGatewayEndpoint?: string;

  /**
   * The AWS region to sign requests for.
   *
   * @default process.env.WEBSOCKET_AWS_REGION, then the region in the endpoint's host, then process.env.AWS_REGION, then 'us-east-1'
   */
  readonly awsRegion?: string;

  /** The AWS credentials, or a provider of them. @default the AWS SDK's default provider chain */
  readonly credentials?: AwsCredentials;

  /**
   * A store of your own, which stays yours to close.
   *
   * @default the one that `redis` or `dynamodb` asks for; else Redis where the application's cache is kept in it by `@keyv/redis`, on the
   *   cache's own client; else the application's cache, or one in memory
   */
  readonly store?: ConnectionStore;

  /** Keeps connections in Redis; needs `@redis/client`. @default process.env.WEBSOCKET_REDIS_URL */
  readonly redis?: RedisStoreOptions;

  /** Keeps connections in DynamoDB; needs `@aws-sdk/client-dynamodb`. @default process.env.WEBSOCKET_DYNAMODB_TABLE */
  readonly dynamodb?: DynamoDbStoreOptions;

  /** How long the store may take to answer, in milliseconds, before it counts as down. Not for a cache in memory. @default 3_000 */
  readonly storeTimeoutMs?: number;

  /** What every key in the store starts with; applications that share a store need different ones. @default 'websocket:' */
  readonly keyPrefix?: string;

  /** The age, in seconds, from which `cleanup()` ends a connection. @default 86_400 (24 hours) */
  readonly staleAfterSeconds?: number;

  /**
   * How long after `connectedAt` an answer of 410 does not remove a connection, in milliseconds: API Gateway gives it while `$connect` is
   * still being answered.
   *
   * @default 30_000
   */
  readonly goneGracePeriodMs?: number;

  /** The largest message to a client, in bytes of UTF-8. API Gateway takes 128 KB. @default 131_072 */
  readonly maxPayloadBytes?: number;

  /** The largest message body that `handle` takes in, in bytes of UTF-8. @default 1_048_576 */
  readonly maxBodyBytes?: number;

  /** How deep the JSON of a message body may nest. @default 64 */
  readonly maxBodyDepth?: number;

  /** How many channels one connection may be in. @default 100 */
  readonly maxChannelsPerConnection?: number;

  /**
   * What posts messages to the Management API: `lean`, the package's own client, or `sdk`, the AWS SDK's, which costs many times the CPU.
   * Requests, retries and outcomes are the same.
   *
   * @default 'lean'
   */
  readonly sender?: 'lean' | 'sdk';

  /** An AWS SDK client of your own that posts all messages, with its own endpoint, credentials and retries; never destroyed. @default none */
  readonly managementApiClient?: ManagementApiClient;

  /** How messages to many connections are sent. */
  readonly fanout?: FanOutOptions;

  /** The most requests to one endpoint that are under way at once. How many there are depends on what pays. @default 512 */
  readonly maxConcurrentSends?: number;

  /** How long one request to the Management API may take, in milliseconds. @default 3_000 */
  readonly requestTimeoutMs?: number;

  /** How long one message may take with all its retries, in milliseconds. @default 10_000 */
  readonly deliveryTimeoutMs?: number;

  /** Who may connect, and how much they may send. @default process.env.WEBSOCKET_MAX_CLIENTS and WEBSOCKET_AUTH_ENABLED, then everybody and everything */
  readonly admission?: AdmissionOptions | false;

  /** The subprotocols that the application speaks, the one it likes best first; a client that offers some gets the first of these. @default none */
  readonly subprotocols?: readonly string[];

  /**
   * Channels that clients may subscribe to, and the protocol by which they do; `false` keeps it off.
   *
   * @default on where a provider is decorated with `@ChannelAuthorizer` or `@OnChannelMessage`
   */
  readonly channels?: ChannelsOptions | boolean;

  /** The embedded gateway: WebSockets without AWS, on this process's own port or on the Nest server's. @default off */
  readonly gateway?: EmbeddedGatewayOptions | false;

  /** Metrics for Prometheus; needs `prom-client`. @default off */
  readonly metrics?: boolean | MetricsOptions;

  /** What is logged, and where. */
  readonly logging?: LoggingOptions;

  /** Where the time comes from. @default the machine's clock */
  readonly clock?: Clock;
}

/** Makes the options of `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`. */
export interface WebSocketOptionsFactory {
  createWebSocketOptions(): WebSocketModuleOptions | Promise<WebSocketModuleOptions>;
}
