import { createClient, createCluster, createSentinel } from '@redis/client';
import { createKeyv } from '@keyv/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CacheModule } from '@nestjs/cache-manager';
import { eventually, join, messagesOf, nodeApp, startNode, type Member, type TestNode } from '../support/cluster.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { RedisSentinel } from '../support/redis.sentinel.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

/** Two nodes reach each other's clients, and know what each other's clients joined. */
async function expectNodesToWork(start: () => Promise<TestNode>): Promise<void> {
  const nodes = [await start(), await start()] as const;
  const members: Member[] = [await join(nodes[0]), await join(nodes[1])];
  try {
    for (const { connectionId } of members) await nodes[0].manager.joinChannel(connectionId, 'news');
    expect(await nodes[0].manager.to('news').send('hello')).toMatchObject({ delivered: 2, failed: 0 });
    expect(await nodes[1].manager.to('news').send('hello')).toMatchObject({ delivered: 2, failed: 0 });
    for (const member of members) expect(await messagesOf(member, nodes[0])).toEqual(['"hello"', '"hello"']);
    expect(await nodes[0].manager.disconnect(members[1]!.connectionId, { code: 4000 })).toBe(true);
    expect(await members[1]!.client.closed).toMatchObject({ code: 4000 });
    await eventually(() => nodes.flatMap(({ disconnected }) => disconnected).length === 1);
  } finally {
    for (const { client } of members) client.socket.terminate();
    await closeGatewayApps();
  }
}

describeWithRedis('nodes on one Redis server', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterEach(closeGatewayApps);

  afterAll(() => redis.kill());

  it('work with a client of the application, whatever it is set to, and leave it open', async () => {
    const client = createClient({
      socket: { host: '127.0.0.1', port: redis.port, reconnectStrategy: false },
      disableOfflineQueue: true,
      RESP: 3,
    });
    await expectNodesToWork(() => startNode('', undefined, { redis: { client } }));
    expect(client.isOpen).toBe(true);
    client.destroy();
  });

  it('work where the cache of the application is kept', async () => {
    await expectNodesToWork(() =>
      nodeApp({ keyPrefix: 'cache:' }, (app) =>
        app.importing(CacheModule.register({ isGlobal: true, stores: [createKeyv(redis.url)] })),
      ),
    );
  });

  it('work with a client of Sentinel', async () => {
    const sentinel = await RedisSentinel.start(redis.port);
    const client = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }] });
    try {
      await client.connect();
      await expectNodesToWork(() => startNode('', undefined, { keyPrefix: 'sentinel:', redis: { client } }));
    } finally {
      await client.destroy();
      await sentinel.stop();
    }
  });
});

describeWithRedis('nodes on a Redis Cluster', () => {
  it('work as on one server', async () => {
    const cluster = await RedisCluster.start();
    const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
    try {
      await client.connect();
      await expectNodesToWork(() => startNode('', undefined, { redis: { client } }));
    } finally {
      client.destroy();
      await cluster.kill();
    }
  });
});

describe('a gateway that is to know of no others', () => {
  it('says so in the name of its endpoint', async () => {
    const alone = await nodeApp({}, (app) => app.gateway({ cluster: false }));
    const { client } = await join(alone);
    expect(alone.connected[0]!.connection.endpoint).toMatch(/^local:alone:/);
    client.socket.terminate();
    await closeGatewayApps();
  });
});
