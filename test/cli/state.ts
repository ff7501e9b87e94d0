import type { Connection } from '../../src/index.js';
import { RedisConnectionStore } from '../../src/index.js';
import { redisAtUrl } from '../../src/stores/redis/url.client.js';
import type { RedisServer } from '../support/redis.server.js';

/** A connection of API Gateway, told only what is different about it. */
export function connection(connectionId: string, different: Partial<Connection> = {}): Connection {
  return {
    connectionId,
    connectedAt: Date.now(),
    userId: null,
    routeKey: '$connect',
    channels: [],
    endpoint: 'https://abc123.execute-api.eu-west-1.amazonaws.com/production',
    ...different,
  };
}

/** Puts connections into a Redis, with the channels that their records name. */
export async function seed(redis: RedisServer, connections: readonly Connection[]): Promise<void> {
  await withStore(redis, async (store) => {
    for (let start = 0; start < connections.length; start += 500) {
      await Promise.all(
        connections.slice(start, start + 500).map(async (one) => {
          await store.add({ ...one, channels: [] });
          for (const channel of one.channels) await store.join(one.connectionId, channel);
        }),
      );
    }
  });
}

/** The ids that a Redis knows. */
export async function connectionsIn(redis: RedisServer): Promise<string[]> {
  return withStore(redis, async (store) => {
    const ids: string[] = [];
    for await (const page of store.connections()) ids.push(...page);
    return ids.sort();
  });
}

async function withStore<Result>(
  redis: RedisServer,
  task: (store: RedisConnectionStore) => Promise<Result>,
): Promise<Result> {
  const client = await redisAtUrl(redis.url, { onLost: () => undefined, onBack: () => undefined });
  const store = new RedisConnectionStore(client);
  try {
    return await task(store);
  } finally {
    await store.close();
  }
}
