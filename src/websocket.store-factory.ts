import type { ApplicationProviders } from './application.providers.js';
import type { ConnectionStore } from './contracts/connection.store.js';
import { InvalidOptionsError } from './errors/invalid-options.error.js';
import type { Log } from './logging/log.js';
import type { ResolvedDynamoDbOptions } from './options/store.options-resolver.js';
import { CacheConnectionStore } from './stores/cache/cache-connection.store.js';
import { DeferredConnectionStore } from './stores/deferred-connection.store.js';
import { DynamoDbConnectionStore } from './stores/dynamodb/dynamodb-connection.store.js';
import type { DynamoDbClient } from './stores/dynamodb/dynamodb.client.js';
import { createDynamoDbClient } from './stores/dynamodb/sdk.client.js';
import { redisBehind } from './stores/redis/keyv-redis.js';
import { RedisConnectionStore } from './stores/redis/redis-connection.store.js';
import { redisAtUrl } from './stores/redis/url.client.js';
import type { ConnectionStoreOptions } from './stores/store.options.js';
import type { ResolvedWebSocketOptions } from './websocket.options-resolver.js';

/** A record outlives the age at which the sweep takes it by an hour, so that the sweep, and its event, come first. */
const EXPIRY_MARGIN_SECONDS = 3_600;

/**
 * The store that the options ask for; without one, Redis where the application's cache is kept there, and else that cache.
 *
 * @throws InvalidOptionsError when a package that the store needs is not installed
 */
export async function createConnectionStore(
  options: ResolvedWebSocketOptions,
  application: ApplicationProviders,
  log: Log,
): Promise<ConnectionStore> {
  if (options.store !== null) return options.store;
  const storeOptions: ConnectionStoreOptions = {
    keyPrefix: options.keyPrefix,
    timeoutMs: options.storeTimeoutMs,
    expireAfterSeconds: options.staleAfterSeconds + EXPIRY_MARGIN_SECONDS,
    clock: options.clock,
  };
  if (options.redis !== null) {
    const { redis } = options;
    const client = 'client' in redis ? redis.client : await openRedis(redis.url, log);
    return new RedisConnectionStore(client, storeOptions);
  }
  if (options.dynamodb !== null) {
    const { client, tableName, partitions } = options.dynamodb;
    return new DynamoDbConnectionStore({
      ...storeOptions,
      client: client ?? (await dynamoDbClient(options, options.dynamodb)),
      tableName,
      partitions,
    });
  }
  // The cache may not exist before every module is up.
  return new DeferredConnectionStore(() => storeOfCache(application, storeOptions, log));
}

function storeOfCache(application: ApplicationProviders, options: ConnectionStoreOptions, log: Log): ConnectionStore {
  const redis = redisBehind(application.cache);
  return redis === null
    ? new CacheConnectionStore(application.cache, { ...options, onOpen: (kind) => warnOfLimits(kind, log) })
    : new RedisConnectionStore(redis, options);
}

function openRedis(url: string, log: Log): ReturnType<typeof redisAtUrl> {
  return needing('redis', '@redis/client@5', () =>
    redisAtUrl(url, {
      onLost: (error) => log.warn('redis.lost', 'The connection to Redis is lost.', { error }),
      onBack: () => log.info('redis.back', 'The connection to Redis is back.'),
    }),
  );
}

async function dynamoDbClient(
  { awsRegion, fallbackRegion, credentials, storeTimeoutMs }: ResolvedWebSocketOptions,
  { region, endpoint }: ResolvedDynamoDbOptions,
): Promise<() => DynamoDbClient> {
  const access = { region: region ?? awsRegion ?? fallbackRegion, endpoint, credentials, timeoutMs: storeTimeoutMs };
  // Made now, so that a package that is missing stops the start; given as what makes it, so that the store destroys it.
  const client = await needing('dynamodb', '@aws-sdk/client-dynamodb@3', () => createDynamoDbClient(access));
  return () => client;
}

/** Runs what imports an optional package. */
async function needing<Result>(option: string, packages: string, load: () => Promise<Result>): Promise<Result> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new InvalidOptionsError(option, `The option "${option}" needs a package: npm install ${packages}`, { cause });
  }
}

/** Says what a kind of cache is not made for. */
function warnOfLimits(kind: 'in-memory' | 'shared', log: Log): void {
  if (kind === 'shared') {
    log.warn(
      'store.limits',
      'Connections are kept in a cache that has no atomic operations: only one process may write them. On Lambda, or with several ' +
        'processes, set the option "redis" or "dynamodb".',
    );
  } else if (process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined) {
    log.warn(
      'store.limits',
      'Connections are kept in the memory of one Lambda instance: the others know nothing of them. Set the option "redis" or "dynamodb".',
    );
  }
}
