import type { Cache } from 'cache-manager';
import { REDIS_CLIENT_METHODS, type RedisStoreClient } from './redis.client.js';
import type { RedisClientSource } from './redis.link.js';

/** The adapter of `@keyv/redis` 5, as far as it is needed here. */
interface KeyvRedis {
  readonly client: RedisStoreClient;
  getClient(): Promise<RedisStoreClient>;
}

/**
 * The Redis behind a cache that `@keyv/redis` 5 keeps there, on the cache's own client, which stays the cache's to close; `null` for any other. Of a
 * cache in tiers the last one counts: those in front of it are copies.
 */
export function redisBehind(cache: Cache): RedisClientSource | null {
  const adapter: unknown = Array.isArray(cache.stores) ? cache.stores.at(-1)?.store : undefined;
  return isKeyvRedis(adapter) ? { client: () => adapter.client, open: () => adapter.getClient() } : null;
}

// By its members: a check by class would need a dependency on a package that most applications do not have.
function isKeyvRedis(adapter: unknown): adapter is KeyvRedis {
  if (typeof adapter !== 'object' || adapter === null) return false;
  const { getClient, client } = adapter as Partial<KeyvRedis>;
  return (
    typeof getClient === 'function' && REDIS_CLIENT_METHODS.every((method) => typeof client?.[method] === 'function')
  );
}
