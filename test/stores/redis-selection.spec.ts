import KeyvRedis, { createKeyv } from '@keyv/redis';
import { createClient } from '@redis/client';
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { InvalidOptionsError, type WebSocketManager } from '../../src/index.js';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';
import { connectTestClient, typesOf } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';

describeWithRedis('Redis as the store of an application', () => {
  const redis = useRedis({ isEmptied: true });

  afterEach(stopApplications);
  afterEach(closeGatewayApps);
  afterEach(() => {
    delete process.env['WEBSOCKET_REDIS_URL'];
  });

  /** Resolves once Redis has so many clients beside the test's own; those that are closed take it a moment to notice. */
  const untilClients = async (count: number): Promise<void> => {
    while ((await redis.client.clientList()).length - 1 !== count);
  };

  const expectNativeTypes = async (manager: WebSocketManager): Promise<void> => {
    const connectionId = newConnectionId();
    expect(await manager.handle(connect({ connectionId, userId: 'ada' }))).toMatchObject({ statusCode: 200 });
    expect(await manager.joinChannel(connectionId, 'news')).toBe(true);
    expect(await typesOf(redis.client)).toMatchObject({
      'websocket:connections': 'zset',
      'websocket:channels:news': 'set',
      [`websocket:connection:${connectionId}`]: 'hash',
    });
  };

  describe('whose cache is in Redis', () => {
    const withStores = (stores: readonly (Keyv | KeyvRedis<unknown>)[]): Promise<RunningApplication> =>
      startApplication({ importsBefore: [CacheModule.register({ isGlobal: true, stores: [...stores] })] });

    it.each<{ how: string; stores: () => (Keyv | KeyvRedis<unknown>)[] }>([
      { how: 'an adapter of @keyv/redis', stores: () => [new KeyvRedis(redis.url)] },
      { how: 'createKeyv of @keyv/redis', stores: () => [createKeyv(redis.url)] },
      { how: 'a tier behind one in memory', stores: () => [new Keyv(), createKeyv(redis.url)] },
    ])('is used by itself, on the client of the cache: $how', async ({ stores }) => {
      const { app, manager } = await withStores(stores());
      const cache = app.get<Cache>(CACHE_MANAGER);
      await cache.set('application', 'value');
      await untilClients(1);
      await expectNativeTypes(manager);
      await untilClients(1);
      await expect(cache.get('application')).resolves.toBe('value');
    });

    it('is not used where memory is the last tier', async () => {
      const { manager } = await withStores([createKeyv(redis.url), new Keyv()]);
      const connectionId = newConnectionId();
      await manager.handle(connect({ connectionId }));
      expect((await typesOf(redis.client))['websocket:connections']).not.toBe('zset');
    });

    it('stays open when the application closes, for the cache is not the module’s to close', async () => {
      const cache = createCache({ stores: [createKeyv(redis.url)] });
      const { app, manager } = await startApplication({ importsBefore: [cacheModule(cache)] });
      await expectNativeTypes(manager);
      await app.close();
      await cache.set('after', 'value');
      await expect(cache.get('after')).resolves.toBe('value');
      await cache.disconnect();
    });

    it('is left without a client once an application with open sockets has closed', async () => {
      const cache = CacheModule.register({ isGlobal: true, stores: [createKeyv(redis.url)] });
      const running = await gatewayApp().importing(cache).start();
      const client = await running.connect();
      await expect(running.manager.getStats()).resolves.toMatchObject({ totalConnections: 1 });
      await closeGatewayApps();
      await client.closed;
      expect((await typesOf(redis.client))['websocket:connections']).toBeUndefined();
      await untilClients(0);
    });
  });

  describe('by the option', () => {
    it.each([
      { how: 'redis.url', env: false },
      { how: 'WEBSOCKET_REDIS_URL', env: true },
    ])('$how, is opened and closed with the application', async ({ env }) => {
      if (env) process.env['WEBSOCKET_REDIS_URL'] = redis.url;
      const { app, manager } = await startApplication({ options: env ? {} : { redis: { url: redis.url } } });
      await untilClients(0);
      await expectNativeTypes(manager);
      await untilClients(1);
      await app.close();
      await untilClients(0);
    });

    it.each([{ state: 'not connected yet' }, { state: 'connected' }])(
      'redis.client, a client that is $state, is used and stays open',
      async ({ state }) => {
        const client = createClient({ url: redis.url });
        if (state === 'connected') await client.connect();
        const { app, manager } = await startApplication({ options: { redis: { client } } });
        await expectNativeTypes(manager);
        await untilClients(1);
        await app.close();
        await expect(client.ping()).resolves.toBe('PONG');
        client.destroy();
      },
    );

    it('goes before a cache in Redis, and before the environment', async () => {
      const other = await RedisServer.start();
      const otherClient = await connectTestClient(other.url);
      process.env['WEBSOCKET_REDIS_URL'] = other.url;
      try {
        const { manager } = await startApplication({
          options: { redis: { url: redis.url } },
          importsBefore: [CacheModule.register({ isGlobal: true, stores: [createKeyv(other.url)] })],
        });
        await expectNativeTypes(manager);
        expect(await typesOf(otherClient)).toEqual({});
      } finally {
        await stopApplications();
        otherClient.destroy();
        await other.kill();
      }
    });

    it.each([
      { what: 'a database that is none', path: '/news' },
      { what: 'a password that cannot be decoded', path: '', credentials: ':hunter2%zz@' },
    ])('names itself, and no secret, when its URL has $what', async ({ path, credentials = '' }) => {
      const url = `${redis.url.replace('://', `://${credentials}`)}${path}`;
      const started = startApplication({ options: { redis: { url } } });
      await expect(started).rejects.toBeInstanceOf(InvalidOptionsError);
      await expect(started).rejects.toThrow('Expected "redis.url" to be a URL like "redis://localhost:6379"');
      await expect(started).rejects.not.toThrow(/hunter/);
    });
  });
});

function cacheModule(cache: Cache) {
  @Global()
  @Module({ providers: [{ provide: CACHE_MANAGER, useValue: cache }], exports: [CACHE_MANAGER] })
  class ApplicationCacheModule {}
  return ApplicationCacheModule;
}
