import type { DynamoDbClient } from '../stores/dynamodb/dynamodb.client.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { DYNAMODB_STORE_DEFAULTS } from '../stores/dynamodb/dynamodb-connection.store.js';
import { REDIS_CLIENT_METHODS, type RedisStoreClient } from '../stores/redis/redis.client.js';
import type { EnvironmentReader } from './environment.reader.js';
import { OptionsReader } from './options.reader.js';

/** Where connections are kept: at most one of the three; none stands for the application's cache. */
export interface ResolvedStoreOptions {
  readonly store: ConnectionStore | null;
  readonly redis: ResolvedRedisOptions | null;
  readonly dynamodb: ResolvedDynamoDbOptions | null;
}

export type ResolvedRedisOptions = { readonly url: string } | { readonly client: RedisStoreClient };

export interface ResolvedDynamoDbOptions {
  readonly tableName: string;
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly client: DynamoDbClient | null;
  readonly partitions: number;
}

const MAX_PARTITIONS = 256;

const REDIS_URL = /^rediss?:\/\//;

const HTTP_URL = /^https?:\/\//;

const STORE_METHODS = [
  'add',
  'ensure',
  'remove',
  'findMany',
  'join',
  'leave',
  'touch',
  'connections',
  'members',
  'connectionsOfUser',
  'staleBefore',
  'channels',
  'countConnections',
  'ping',
] as const;

/**
 * Which store was asked for, by an option or by the environment; an option comes before the environment.
 *
 * @throws InvalidOptionsError naming the option that cannot be used, or the second of two stores
 */
export function resolveStoreOptions(read: OptionsReader, env: EnvironmentReader): ResolvedStoreOptions {
  const store = read.object<ConnectionStore>('store', 'a ConnectionStore', STORE_METHODS);
  const sections = { redis: read.section('redis'), dynamodb: read.section('dynamodb') };
  const [first, second] = Object.entries({ store, ...sections }).flatMap(([name, value]) =>
    value === null ? [] : name,
  );
  if (second !== undefined) throw read.unexpected(second, `left out where "${String(first)}" is given`, sections, true);
  const isOpen = first === undefined;
  const sectionBy = (name: string, variable: string): OptionsReader | null =>
    isOpen && env.text(variable) !== null ? new OptionsReader({}, name) : null;
  const redis = sections.redis ?? sectionBy('redis', 'WEBSOCKET_REDIS_URL');
  const dynamodb = sections.dynamodb ?? sectionBy('dynamodb', 'WEBSOCKET_DYNAMODB_TABLE');
  if (redis !== null && dynamodb !== null) {
    throw new InvalidOptionsError(
      'dynamodb',
      'Expected one of WEBSOCKET_REDIS_URL and WEBSOCKET_DYNAMODB_TABLE to be set, got both.',
    );
  }
  return {
    store,
    redis: redis === null ? null : resolveRedis(redis, env),
    dynamodb: dynamodb === null ? null : resolveDynamoDb(dynamodb, env),
  };
}

function resolveRedis(read: OptionsReader, env: EnvironmentReader): ResolvedRedisOptions {
  const client = read.object<RedisStoreClient>('client', 'a client of @redis/client 5', REDIS_CLIENT_METHODS);
  const url = read.text('url', client === null ? env.text('WEBSOCKET_REDIS_URL') : null);
  read.refuseUnknown();
  if (client !== null) {
    if (url !== null) throw read.unexpected('url', 'left out where "redis.client" is given', url, true);
    return { client };
  }
  // A URL holds the password: it is not for the log.
  if (url !== null && isRedisUrl(url)) return { url };
  throw read.unexpected('url', 'a URL like "redis://localhost:6379"', url ?? undefined, true);
}

/** Whether a client of Redis can read it: it takes the path for the number of a database, and decodes the user's name and password. */
function isRedisUrl(text: string): boolean {
  if (!REDIS_URL.test(text) || !URL.canParse(text)) return false;
  const { hostname, pathname, username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return hostname !== '' && /^\/?\d*$/.test(pathname);
}

function resolveDynamoDb(read: OptionsReader, env: EnvironmentReader): ResolvedDynamoDbOptions {
  const endpoint = read.text('endpoint', null);
  // `localhost:8000` parses as well: as a URL of the scheme `localhost`.
  if (endpoint !== null && !(HTTP_URL.test(endpoint) && URL.canParse(endpoint))) {
    throw read.unexpected('endpoint', 'a URL like "http://localhost:8000"', endpoint, true);
  }
  const resolved = {
    tableName: read.text('tableName', env.text('WEBSOCKET_DYNAMODB_TABLE') ?? DYNAMODB_STORE_DEFAULTS.tableName),
    region: read.text('region', null),
    endpoint,
    client: read.object<DynamoDbClient>('client', 'a client of @aws-sdk/client-dynamodb', ['send']),
    partitions: read.wholeNumber('partitions', 1, DYNAMODB_STORE_DEFAULTS.partitions, MAX_PARTITIONS),
  };
  read.refuseUnknown();
  return resolved;
}
