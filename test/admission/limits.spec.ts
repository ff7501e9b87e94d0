import { afterEach, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { SystemClock } from '../../src/contracts/clock.js';
import {
  CacheConnectionStore,
  StoreUnavailableError,
  type AdmissionLedger,
  type AdmissionRequest,
  type AdmissionResult,
  type Connection,
} from '../../src/index.js';
import { MemoryAdmissionLedger } from '../../src/stores/cache/memory-admission.ledger.js';
import { closeGatewayApps, gatewayApp, recorder, type GatewayApp } from '../support/gateway-app.js';
import { GatewayClient } from '../support/gateway-client.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { connectTestClient, keysOf } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { killLimitedGateways, LimitedGateway } from './limited.gateway.js';
import { ManualClock } from '../support/manual.clock.js';

afterEach(async () => {
  await killLimitedGateways();
  await closeGatewayApps();
  await stopApplications();
});

/** Opens that many connections at once; tells those that were let in and what the others were answered. */
async function rush(urls: readonly string[], clients: number): Promise<{ open: GatewayClient[]; refused: number[] }> {
  const open: GatewayClient[] = [];
  const refused: number[] = [];
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const client = GatewayClient.start(urls[index % urls.length]!);
      const outcome = await Promise.race([client.opened().then(() => null), client.refused()]);
      if (outcome === null) open.push(client);
      else refused.push(outcome);
    }),
  );
  return { open, refused };
}

describe('a limit of connections', () => {
  it('lets exactly so many of 100 simultaneous clients in', async () => {
    const app = await gatewayApp()
      .with({ admission: { maxConnections: 10 } })
      .start();
    const { open, refused } = await rush([app.url], 100);
    expect(open).toHaveLength(10);
    expect(refused).toEqual(Array<number>(90).fill(503));
    expect(await app.manager.getAllConnections()).toHaveLength(10);
  }, 30_000);

  it('has room again once a connection has closed, in each of the ways that it can', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .with({ admission: { maxConnections: 1, maxConnectionsPerIp: 1 } })
      .on('websocket.disconnected', disconnected.push)
      .start();
    const endings: ((client: GatewayClient, connectionId: string) => unknown)[] = [
      (client) => client.close(),
      (client) => client.socket.terminate(),
      (_, connectionId) => app.manager.disconnect(connectionId),
    ];
    for (const [index, end] of endings.entries()) {
      const { client, connectionId } = await app.connectWithId();
      expect(await GatewayClient.start(app.url).refused()).toBe(429);
      await end(client, connectionId);
      await disconnected.until(index + 1);
      await client.closed;
    }
    await (await letIn(app)).close();
  });

  it('is not used up by clients that a listener refuses', async () => {
    let isFriendly = false;
    const app = await gatewayApp()
      .with({ admission: { maxConnections: 1 } })
      .on('websocket.connected', () => {
        if (!isFriendly) throw new Error('Not today');
      })
      .start();
    expect(await GatewayClient.start(app.url).refused()).toBe(500);
    expect(await GatewayClient.start(app.url).refused()).toBe(500);
    isFriendly = true;
    await app.connect();
    expect(await GatewayClient.start(app.url).refused()).toBe(503);
  });

  it('is not used up by clients that the store could not register', async () => {
    class FlakyStore extends CacheConnectionStore {
      isUp = false;
      override async add(connection: Connection): Promise<boolean> {
        if (!this.isUp) throw new StoreUnavailableError('add');
        return super.add(connection);
      }
    }
    const store = new FlakyStore(createCache());
    const { manager } = await startApplication({ options: { admission: { maxConnections: 1 }, store } });
    expect((await manager.handle(connect())).statusCode).toBe(503);
    store.isUp = true;
    expect((await manager.handle(connect())).statusCode).toBe(200);
    expect((await manager.handle(connect())).statusCode).toBe(503);
  });

  it('is not used up by a client whose admission took effect while the answer to it was lost', async () => {
    class LosingLedger extends MemoryAdmissionLedger {
      losesAnswers = true;
      override async admit(request: AdmissionRequest): Promise<AdmissionResult> {
        const result = await super.admit(request);
        if (this.losesAnswers) throw new StoreUnavailableError('admit a connection');
        return result;
      }
    }
    const ledger = new LosingLedger(new SystemClock());
    class Store extends CacheConnectionStore {
      override admissions(): AdmissionLedger {
        return ledger;
      }
    }
    const store = new Store(createCache());
    const { manager } = await startApplication({ options: { admission: { maxConnections: 1 }, store } });
    expect((await manager.handle(connect())).statusCode).toBe(503);
    ledger.losesAnswers = false;
    expect((await manager.handle(connect())).statusCode).toBe(200);
    expect((await manager.handle(connect())).statusCode).toBe(503);
  });

  it('counts a connection once, however often its $connect comes, and frees its place at $disconnect', async () => {
    const { manager } = await startApplication({ options: { admission: { maxConnections: 1 } } });
    const connectionId = newConnectionId();
    expect((await manager.handle(connect({ connectionId }))).statusCode).toBe(200);
    expect((await manager.handle(connect({ connectionId }))).statusCode).toBe(200);
    expect((await manager.handle(connect())).statusCode).toBe(503);
    await manager.handle(disconnect(connectionId));
    expect((await manager.handle(connect())).statusCode).toBe(200);
  });

  it('frees the place of a connection whose $disconnect never came, when the sweep ends it and in any case with time', async () => {
    const clock = new ManualClock();
    const { manager } = await startApplication({
      options: { admission: { maxConnections: 1 }, clock, staleAfterSeconds: 60 },
    });
    await manager.handle(connect({ connectedAt: clock.now() }));
    await clock.advance(61_000);
    expect((await manager.handle(connect())).statusCode).toBe(503);
    expect(await manager.cleanup()).toBe(1);
    expect((await manager.handle(connect({ connectedAt: clock.now() }))).statusCode).toBe(200);
    expect((await manager.handle(connect())).statusCode).toBe(503);
    // API Gateway itself ends a connection after two hours.
    await clock.advance(7_501_000);
    expect((await manager.handle(connect())).statusCode).toBe(200);
  });

  it('keeps the places of sockets that stay open for long', async () => {
    const clock = new ManualClock();
    const app = await gatewayApp()
      .gateway({ pingIntervalSeconds: 3_600 })
      .with({ admission: { maxConnections: 1 }, clock })
      .start();
    const client = await app.connect();
    for (let minute = 0; minute < 30; minute++) await clock.advance(60_000);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(await GatewayClient.start(app.url).refused()).toBe(503);
  }, 30_000);
});

/** Connects as soon as there is room: the end of a connection is heard of after its close. */
async function letIn(app: GatewayApp): Promise<GatewayClient> {
  for (;;) {
    const client = GatewayClient.start(app.url);
    const outcome = await Promise.race([client.opened().then(() => null), client.refused()]);
    if (outcome === null) return client;
  }
}

describeWithRedis('a limit of connections of several processes', () => {
  it('lets exactly so many in over all of them, and has room again for those of a process that was killed', async () => {
    const redis = await RedisServer.start();
    const inspector = await connectTestClient(redis.url);
    try {
      const environment = { WEBSOCKET_REDIS_URL: redis.url, WEBSOCKET_MAX_CLIENTS: '10' };
      const processes = await Promise.all([1, 2].map(() => LimitedGateway.start(environment)));
      const { open, refused } = await rush(
        processes.map(({ url }) => url),
        100,
      );
      expect(open).toHaveLength(10);
      expect(refused).toEqual(Array<number>(90).fill(503));
      expect(await inspector.zCard('websocket:admitted:all')).toBe(10);

      await killLimitedGateways();
      await Promise.all(open.map(({ closed }) => closed));
      const now = new ManualClock(Date.now());
      const soon = new ManualClock(Date.now() + 31_000);
      const admission = { maxConnections: 10 };
      const before = await startApplication({ options: { redis: { url: redis.url }, admission, clock: now } });
      expect((await before.manager.handle(connect())).statusCode).toBe(503);
      const after = await startApplication({ options: { redis: { url: redis.url }, admission, clock: soon } });
      const answers = await Promise.all(Array.from({ length: 20 }, () => after.manager.handle(connect())));
      expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(10);
    } finally {
      await killLimitedGateways();
      await closeGatewayApps();
      await stopApplications();
      inspector.destroy();
      await redis.kill();
    }
  }, 60_000);

  it('counts its open sockets again when Redis has lost everything', async () => {
    const redis = await RedisServer.start();
    const inspector = await connectTestClient(redis.url);
    const clock = new ManualClock(Date.now());
    try {
      const app = await gatewayApp()
        .gateway({ cluster: false })
        .with({ redis: { url: redis.url }, admission: { maxConnections: 2, maxConnectionsPerIp: 2 }, clock })
        .start();
      const clients = [await app.connect(), await app.connect()];
      await inspector.flushAll();
      await clock.advance(10_000);
      while ((await inspector.zCard('websocket:admitted:all')) < 2) await inspector.ping();
      expect(await GatewayClient.start(app.url).refused()).toBe(429);
      await Promise.all(clients.map((client) => client.close()));
      while ((await keysOf(inspector)).some((key) => key.includes('admi'))) await inspector.ping();
      expect(await inspector.exists('websocket:admissions')).toBe(0);
    } finally {
      await closeGatewayApps();
      inspector.destroy();
      await redis.kill();
    }
  }, 30_000);
});

describe('a rate of messages', () => {
  it('lets a burst through, answers what is above it with a frame, and does not handle that', async () => {
    const clock = new ManualClock();
    const messages = recorder<'websocket.message'>();
    const app = await gatewayApp()
      .with({ admission: { messagesPerSecond: 2, messageBurst: 3 }, clock })
      .on('websocket.message', messages.push)
      .start();
    const { client, connectionId } = await app.connectWithId();
    for (let index = 0; index < 5; index++) client.send(index);
    const frame = /^\{"message": "Too Many Requests", "connectionId":"([^"]+)", "requestId":"[^"]+"\}$/;
    for (let index = 0; index < 2; index++) expect(frame.exec(await client.next())?.[1]).toBe(connectionId);
    expect(messages.all.map(({ message: body }) => body)).toEqual([0, 1, 2]);
    await clock.advance(500);
    client.send(5);
    client.send(6);
    expect(await client.next()).toMatch(frame);
    expect(messages.all.map(({ message: body }) => body)).toEqual([0, 1, 2, 5]);
    const other = await app.connect();
    other.send('another client has a rate of its own');
    expect(await messages.until(5)).toHaveLength(5);
  });

  it('is 429 on API Gateway, with the time to wait', async () => {
    const clock = new ManualClock();
    const { manager } = await startApplication({ options: { admission: { messagesPerSecond: 1 }, clock } });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    expect((await manager.handle(message(connectionId, 'a'))).statusCode).toBe(200);
    const refused = await manager.handle(message(connectionId, 'b'));
    expect(refused).toMatchObject({ statusCode: 429, headers: { 'Retry-After': '1' } });
    await clock.advance(1_000);
    expect((await manager.handle(message(connectionId, 'c'))).statusCode).toBe(200);
  });

  it('leaves out messages that are too large', async () => {
    const messages = recorder<'websocket.message'>();
    const app = await gatewayApp()
      .with({ admission: { maxMessageBytes: 10 } })
      .on('websocket.message', messages.push)
      .start();
    const client = await app.connect();
    client.send('ü'.repeat(6));
    expect(await client.next()).toContain('"Request Too Long"');
    client.send('"1234567"');
    expect(await messages.next()).toMatchObject({ message: '1234567' });
  });
});
