import type { DynamoDbClient } from '../stores/dynamodb/dynamodb.client.js';
import type { RedisStoreClient } from '../stores/redis/redis.client.js';

/** Redis, by a URL that the module opens and closes a client for, or by a client that stays yours. One of the two. */
export interface RedisStoreOptions {
  /** E.g. `redis://localhost:6379`, or `rediss://user:password@host:6380` for TLS. @default process.env.WEBSOCKET_REDIS_URL */
  readonly url?: string;

  /** A client of `@redis/client`: of one server, of a cluster, or of Sentinel. Opened if it is not, never closed. */
  readonly client?: RedisStoreClient;
}

/** A DynamoDB table, reached by a client that the module makes, or by yours. */
export interface DynamoDbStoreOptions {
  /** @default process.env.WEBSOCKET_DYNAMODB_TABLE, then 'WebSocketConnections' */
  readonly tableName?: string;

  /** The region of the table. @default the option `awsRegion`, then process.env.AWS_REGION, then 'us-east-1' */
  readonly region?: string;

  /** Where DynamoDB answers, e.g. `http://localhost:8000` for a local one. @default AWS */
  readonly endpoint?: string;

  /** A client of `@aws-sdk/client-dynamodb` of your own, never closed; `region`, `endpoint` and `credentials` are not read then. */
  readonly client?: DynamoDbClient;

  /** Over how many partitions each channel is spread, and over four times as many all connections; the same for every process. @default 8 */
  readonly partitions?: number;
}
