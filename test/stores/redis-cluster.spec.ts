import { createCluster } from '@redis/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisConnectionStore, StoreUnavailableError, type RedisStoreClient } from '../../src/index.js';
import { connectionStoreContract } from '../contract/connection-store.contract.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { connectTestClient, keysOf } from '../support/redis.keys.js';
import { describeWithRedis } from '../support/redis.server.js';
import { connection } from './caches.js';

describeWithRedis('a Redis Cluster', () => {
  let cluster: RedisCluster;
  let client: RedisStoreClient & { destroy(): void };

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
    await client.connect();
  });

  afterEach(stopApplications);

  afterAll(async () => {
    client.destroy();
    await cluster.kill();
  });

  const keysByNode = async (prefix: string): Promise<string[][]> =>
    Promise.all(
      cluster.urls.map(async (url) => {
        const node = await connectTestClient(url);
        const keys = await keysOf(node);
        node.destroy();
        return keys.filter((key) => key.startsWith(prefix));
      }),
    );

  it('is kept on one node, under a prefix that became a hash tag by itself', async () => {
    const { manager } = await startApplication({ options: { redis: { client } } });
    const ids = Array.from({ length: 20 }, newConnectionId);
    for (const connectionId of ids) {
      await manager.handle(connect({ connectionId, userId: connectionId }));
      await manager.joinChannel(connectionId, 'news');
    }
    expect((await manager.getConnectionsByChannel('news')).toSorted()).toEqual(ids.toSorted());
    await expect(manager.getStats()).resolves.toEqual({
      totalConnections: 20,
      totalChannels: 1,
      channels: { news: 20 },
    });
    const occupied = (await keysByNode('{websocket:}')).filter((keys) => keys.length > 0);
    expect(occupied).toHaveLength(1);
    expect(occupied[0]).toContain('{websocket:}channels:news');
    expect((await keysByNode('websocket:')).flat()).toEqual([]);
  });

  it('leaves a prefix alone that has a hash tag already', async () => {
    const store = new RedisConnectionStore(client, { keyPrefix: 'my{tag}:' });
    await store.add(connection('a'));
    expect((await keysByNode('my{tag}:')).flat()).toEqual(['my{tag}:connection:a', 'my{tag}:connections']);
  });

  it('fails in time while the node is away, and nothing that failed happens once it is back', async () => {
    const store = new RedisConnectionStore(client, { keyPrefix: 'outage:', timeoutMs: 200 });
    await store.add(connection('before'));
    const owner = (await keysByNode('{outage:}')).findIndex((keys) => keys.length > 0);
    const node = cluster.nodes[owner];
    await node?.kill();
    for (let attempt = 0; attempt < 3; attempt++) {
      const startedAt = performance.now();
      await expect(store.add(connection('late'))).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(performance.now() - startedAt).toBeLessThan(1_500);
    }
    await node?.restart();
    while (!(await isUp(store)));
    await expect(store.findMany(['before', 'late'])).resolves.toEqual([null, null]);
    await expect(store.add(connection('late'))).resolves.toBe(true);
  });

  describe('under the contract', () => {
    connectionStoreContract({
      name: 'RedisConnectionStore on a cluster',
      create: (settings) => new RedisConnectionStore(client, settings),
      concurrency: 200,
      runs: 20,
      schedules: 10,
    });
  });
});

function isUp(store: RedisConnectionStore): Promise<boolean> {
  return store.ping().then(
    () => true,
    () => false,
  );
}
