import KeyvRedis from '@keyv/redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheConnectionStore } from '../../src/index.js';
import { connectionStoreContract } from '../contract/connection-store.contract.js';
import { Wire } from '../contract/wire.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { expectOutage, expectRecovery } from '../support/outage.js';
import { EventRecorder } from '../support/recorder.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { overWire } from '../support/wired.client.js';

describeWithRedis('a cache in Redis', () => {
  let redis: RedisServer;
  const keyvs: Keyv[] = [];

  const keyvOverRedis = (wire = new Wire()): Keyv => {
    const keyv = new Keyv({ store: overWire(new KeyvRedis(redis.url), wire, ['get', 'set', 'delete']) });
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
    const wire = new Wire();
    let shared: Keyv | undefined;

    connectionStoreContract({
      name: 'CacheConnectionStore over @keyv/redis',
      create: (settings) =>
        new CacheConnectionStore(createCache({ stores: [(shared ??= keyvOverRedis(wire))] }), settings),
      wire,
      capabilities: { writers: 'one' },
      runs: 60,
      schedules: 10,
    });
  });

  describe('that is killed', () => {
    afterEach(stopApplications);
    afterEach(stopManagementApis);

    const subject = { connectionId: newConnectionId(), userId: '42', channel: 'news' };

    it('fails every call in time, refuses every event with 503, and works again once it is back, without a restart', async () => {
      const store = new CacheConnectionStore(createCache({ stores: [keyvOverRedis()] }), { timeoutMs: 100 });
      const api = await ManagementApiServer.start();
      const { manager, get } = await startApplication({
        options: {
          store,
          storeTimeoutMs: 100,
          apiGatewayEndpoint: api.endpoint(),
          credentials: testCredentials,
        },
        providers: [EventRecorder],
      });
      expect(await manager.handle(connect(subject))).toMatchObject({ statusCode: 200 });
      expect(await manager.joinChannel(subject.connectionId, subject.channel)).toBe(true);
      const heard = [...get(EventRecorder).order];

      await redis.kill();
      await expectOutage(manager, subject, 2_000);
      expect(get(EventRecorder).order).toEqual(heard);

      await redis.restart();
      // It came back empty; the connection registers itself again with its next message.
      await expectRecovery(manager, subject);
    });
  });
});
