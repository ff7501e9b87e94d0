import { afterEach, expect, it } from '@jest/globals';
import { eventually, join, SHORT_LEASE, startNode } from '../support/cluster.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

describeWithRedis('an admitted connection that ends while Redis is away', () => {
  let redis: RedisServer;

  afterEach(async () => {
    await closeGatewayApps();
    await redis.kill();
  });

  it('is told of once and is in the store no more when Redis is back, whose places are free', async () => {
    redis = await RedisServer.start();
    const admission = { authenticate: () => ({ userId: 'ada' }), maxConnectionsPerUser: 2 };
    const node = await startNode(redis.url, SHORT_LEASE, { admission });
    const [stays, leaves] = [await join(node), await join(node)];
    await redis.kill();
    await leaves.client.close(1000, 'bye');
    // Until then the store might still answer in time.
    await eventually(() => node.logged.some((line) => line.includes('store.unavailable')), 'the end that failed');
    await redis.restart();
    await eventually(() => node.disconnected.length === 1, 'the end of the connection');
    expect(node.disconnected[0]).toMatchObject({ connectionId: leaves.connectionId, cause: 'client', code: 1000 });
    await eventually(async () => {
      const ids = await node.manager.getConnectionsByUserId('ada').catch(() => []);
      return ids.length === 1 && ids[0] === stays.connectionId;
    }, 'the one connection that is left');
    await expect(join(node)).resolves.toMatchObject({ connectionId: expect.any(String) });
    expect(node.disconnected).toHaveLength(1);
    stays.client.socket.terminate();
  });
});
