import { createClient } from '@redis/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectionStore, type RedisStoreOptions, type WebSocketManager } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, message, newConnectionId } from '../support/events.js';
import { connectTestClient, keysOf, type TestRedisClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { expectAgreement } from './store.agreement.js';
import { StoreLoad } from './store.load.js';

const STORE_TIMEOUT_MS = 300;
/** What a busy machine may add. */
const MARGIN_MS = 1_500;

const USERS = ['ada', 'bob', 'eve'];
const CHANNELS = ['news', 'sport'];
const ANCHOR = { connectionId: newConnectionId(), userId: 'anchor', channel: 'harbour' };
const NAMES = { userIds: [...USERS, ANCHOR.userId], channels: [...CHANNELS, ANCHOR.channel] };

describeWithRedis('an application whose Redis', () => {
  let redis: RedisServer;
  let ownClient: TestRedisClient;

  beforeEach(async () => {
    redis = await RedisServer.start();
    ownClient = createClient({ url: redis.url });
    ownClient.on('error', () => undefined);
  });

  afterEach(async () => {
    await stopApplications();
    if (ownClient.isOpen) ownClient.destroy();
    await redis.kill();
  });

  describe.each<{ how: string; option: () => RedisStoreOptions }>([
    { how: 'by its URL', option: () => ({ url: redis.url }) },
    { how: 'by a client that holds commands back while it is away', option: () => ({ client: ownClient }) },
  ])('is reached $how', ({ option }) => {
    const startUnderLoad = async () => {
      const { app, manager } = await startApplication({
        options: { redis: option(), storeTimeoutMs: STORE_TIMEOUT_MS },
      });
      const { connectionId, userId, channel } = ANCHOR;
      expect(await manager.handle(connect({ connectionId, userId }))).toMatchObject({ statusCode: 200 });
      expect(await manager.joinChannel(connectionId, channel)).toBe(true);
      const load = new StoreLoad(manager, ANCHOR, USERS, CHANNELS);
      await load.until(({ succeeded }) => succeeded > 1_000);
      expect(load.failed).toBe(0);
      return { manager, store: app.get(ConnectionStore), load };
    };

    const expectFastFailures = (load: StoreLoad) => {
      expect(load.wrong).toEqual([]);
      expect(load.failed).toBeGreaterThan(500);
      expect(load.slowestMs).toBeLessThan(STORE_TIMEOUT_MS + MARGIN_MS);
    };

    it('is killed under load and comes back empty: it fails in time, never answers "nobody", and everyone registers again', async () => {
      const { manager, store, load } = await startUnderLoad();
      await redis.kill();
      await load.until(({ failed }) => failed > 500);
      await load.stop();
      expectFastFailures(load);

      await redis.restart();
      await untilUp(manager);
      const admin = await connectTestClient(redis.url);
      try {
        // Nothing of what was reported as failed happens now; to ask whether Redis answers leaves a key of its own.
        expect((await keysOf(admin)).filter((key) => key !== 'websocket:ping')).toEqual([]);
      } finally {
        admin.destroy();
      }
      const live = [...load.live, [ANCHOR.connectionId, ANCHOR.userId] as const];
      await Promise.all(
        live.map(async ([connectionId, userId]) => {
          const response = await manager.handle(message(connectionId, {}, '$default', { userId }));
          expect(response).toMatchObject({ statusCode: 200 });
        }),
      );
      const connectionIds = [...live.map(([connectionId]) => connectionId), ...load.doubtful];
      const { connections } = await expectAgreement(store, { ...NAMES, connectionIds: [...new Set(connectionIds)] });
      expect(connections.map(({ connectionId, userId }) => [connectionId, userId]).toSorted()).toEqual(live.toSorted());
      expect(await manager.joinChannel(ANCHOR.connectionId, ANCHOR.channel)).toBe(true);
      expect(await manager.getStats()).toEqual({
        totalConnections: live.length,
        totalChannels: 1,
        channels: { [ANCHOR.channel]: 1 },
      });
    });

    it('stops answering under load and goes on: it fails in time, and keeps everyone that it accepted', async () => {
      const { manager, store, load } = await startUnderLoad();
      redis.pause();
      await load.until(({ failed }) => failed > 500);
      redis.resume();
      await untilUp(manager);
      const { succeeded } = load;
      await load.until((now) => now.succeeded > succeeded + 500);
      await load.stop();
      expectFastFailures(load);

      const live = new Set([...load.live.keys(), ANCHOR.connectionId]);
      const connectionIds = [...new Set([...live, ...load.doubtful])];
      const { connections } = await expectAgreement(store, { ...NAMES, connectionIds });
      const registered = new Set(connections.map(({ connectionId }) => connectionId));
      expect([...live].filter((id) => !registered.has(id))).toEqual([]);
    });
  });
});

async function untilUp(manager: WebSocketManager): Promise<void> {
  while ((await manager.health()).status === 'down') await new Promise((resolve) => setImmediate(resolve));
}
