/** The part of a client of `@aws-sdk/client-sqs` that is used. */
export interface SqsClient {
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

/** How messages to many connections are sent. */
export interface FanOutOptions {
  /** The most requests a second to the Management API, of all processes together where the store is Redis. @default no limit */
  readonly requestsPerSecond?: number;

  /** How often a long broadcast tells how far it is, in milliseconds. @default 1_000 */
  readonly progressEveryMs?: number;

  /** Hands messages to very many connections over to workers, by a queue of SQS. @default process.env.WEBSOCKET_FANOUT_QUEUE_URL */
  readonly offload?: OffloadOptions;
}

/** A queue of SQS whose messages come back to `manager.handle`; needs `@aws-sdk/client-sqs`. */
export interface OffloadOptions {
  /** The URL of the queue. @default process.env.WEBSOCKET_FANOUT_QUEUE_URL */
  readonly queueUrl?: string;

  /** With more recipients than this a message is handed over. @default 5_000 */
  readonly threshold?: number;

  /** How many recipients one worker gets at once. @default 1_000 */
  readonly shardSize?: number;

  /** The region of the queue. @default the region in its URL, then the option `awsRegion` */
  readonly region?: string;

  /** Where SQS answers, e.g. `http://localhost:9324` for a local one. @default AWS */
  readonly endpoint?: string;

  /** A client of `@aws-sdk/client-sqs` of your own, never destroyed; `region`, `endpoint` and `credentials` are not read then. */
  readonly client?: SqsClient;
}
