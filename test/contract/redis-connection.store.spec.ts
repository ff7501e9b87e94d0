import { createClient } from '@redis/client';
import { afterAll, beforeAll } from '@jest/globals';
import { RedisConnectionStore } from '../../src/stores/redis/redis-connection.store.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { overWire } from '../support/wired.client.js';
import { connectionStoreContract } from './connection-store.contract.js';
import { Wire } from '../../src/testing/contract/races/wire.js';

describeWithRedis('Redis', () => {
  let redis: RedisServer;
  let client: ReturnType<typeof createClient>;
  const wire = new Wire();

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = createClient({ url: redis.url });
    await client.connect();
  });

  afterAll(async () => {
    client.destroy();
    await redis.kill();
  });

  connectionStoreContract({
    name: 'RedisConnectionStore',
    create: (settings) => new RedisConnectionStore(overWire(client, wire, ['evalSha', 'eval']), settings),
    wire,
  });
});
