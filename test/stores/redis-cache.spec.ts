import KeyvRedis from '@keyv/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CacheModule } from '@nestjs/cache-manager';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheConnectionStore, StoreUnavailableError } from '../../src/index.js';
import { connectionStoreContract } from '../contract/connection-store.contract.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, message, newConnectionId } from '../support/events.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

describeWithRedis('a cache in Redis', () => {
  let redis: RedisServer;
  const keyvs: Keyv[] = [];

  const keyvOverRedis = (): Keyv => {
    const keyv = new Keyv({ store: new KeyvRedis(redis.url) });
    keyvs.push(keyv);
    return keyv;
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await Promise.all(keyvs.map((keyv) => keyv.disconnect()));
    await redis.kill();
  });

  describe('in reach', () => {
    let shared: Keyv | undefined;

    connectionStoreContract({
      name: 'CacheConnectionStore over @keyv/redis',
      create: (settings) => new CacheConnectionStore(createCache({ stores: [(shared ??= keyvOverRedis())] }), settings),
    });
  });

  describe('that is killed', () => {
    afterEach(stopApplications);

    it('fails every call with StoreUnavailableError in time, refuses $connect with 503, and works again once it is back', async () => {
      const { manager } = await startApplication({
        options: { storeTimeoutMs: 250 },
        importsBefore: [CacheModule.register({ isGlobal: true, stores: [keyvOverRedis()] })],
      });
      const connectionId = newConnectionId();
      expect((await manager.handle(connect({ connectionId, userId: 42 }))).statusCode).toBe(200);
      expect(await manager.getAllConnections()).toEqual([connectionId]);

      await redis.kill();
      const calls: Record<string, Promise<unknown>> = {
        getAllConnections: manager.getAllConnections(),
        getConnection: manager.getConnection(connectionId),
        getConnectionsByUserId: manager.getConnectionsByUserId(42),
        getStats: manager.getStats(),
        joinChannel: manager.joinChannel(connectionId, 'news'),
        sendToConnection: manager.sendToConnection(connectionId, {}),
        broadcast: manager.broadcast({}),
        cleanup: manager.cleanup(),
      };
      for (const call of Object.values(calls)) await expect(call).rejects.toBeInstanceOf(StoreUnavailableError);
      expect((await manager.handle(connect())).statusCode).toBe(503);

      await redis.restart();
      let answer = await manager.handle(message(connectionId, {}, '$default', { userId: 42 }));
      while (answer.statusCode === 503)
        answer = await manager.handle(message(connectionId, {}, '$default', { userId: 42 }));
      expect(answer.statusCode).toBe(200);
      // It came back empty, and the connection registered itself again.
      expect(await manager.getConnectionsByUserId(42)).toEqual([connectionId]);
    });
  });
});
