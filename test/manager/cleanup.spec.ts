import { afterEach, describe, expect, it } from '@jest/globals';
import type { WebSocketModuleOptions } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { closeGatewayApps, gatewayApp, loggerInto } from '../support/gateway-app.js';
import { Gate } from '../support/gateway-inbox.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis, type Respond } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';
import { EventRecorder } from '../support/recorder.js';

afterEach(stopApplications);
afterEach(closeGatewayApps);
afterEach(stopManagementApis);

const STALE_AFTER_SECONDS = 60;

/** An application that sweeps, and the Management API in front of it. */
async function start(respond: Respond = () => 200, options: WebSocketModuleOptions = {}) {
  const api = await ManagementApiServer.start(respond);
  const clock = new ManualClock();
  const { app, manager, get } = await startApplication({
    options: { credentials: testCredentials, staleAfterSeconds: STALE_AFTER_SECONDS, clock, ...options },
    providers: [EventRecorder],
  });
  const logged: string[] = [];
  app.useLogger(loggerInto(logged));

  /** Connects so many at this endpoint, and lets them become stale. */
  const becomeStale = async (count: number, endpoint: string | undefined = api.endpoint()): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => newConnectionId());
    for (const connectionId of ids) {
      await manager.handle(connect({ connectionId, userId: 42, connectedAt: clock.now() }), { endpoint });
      await manager.joinChannel(connectionId, 'news');
    }
    await clock.advance(STALE_AFTER_SECONDS * 1_000 + 1);
    return ids;
  };
  return { api, clock, manager, logged, recorder: get(EventRecorder), becomeStale };
}

describe('cleanup', () => {
  it('asks nobody unless it is told to, and ends what is stale', async () => {
    const { api, manager, logged, becomeStale } = await start();
    await becomeStale(3);
    expect(await manager.cleanup()).toBe(3);
    expect(await manager.getAllConnections()).toEqual([]);
    expect(api.requests.all).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('ends what another process left behind without a word, when it asks nobody', async () => {
    const { manager, becomeStale } = await start();
    await becomeStale(1, 'local:another-process');
    expect(await manager.cleanup({ askGateway: false })).toBe(1);
  });
});

describe('cleanup({ askGateway: true })', () => {
  it('asks about stale connections only, once each, and about nothing when there are none', async () => {
    const { api, manager, clock, becomeStale } = await start();
    const stale = await becomeStale(2);
    const young = newConnectionId();
    await manager.handle(connect({ connectionId: young, connectedAt: clock.now() }), { endpoint: api.endpoint() });
    expect(await manager.cleanup({ askGateway: true })).toBe(0);
    expect(api.requests.all.map(({ method, connectionId }) => `${method} ${connectionId}`).sort()).toEqual(
      stale.map((connectionId) => `GET ${connectionId}`).sort(),
    );
    await manager.cleanup({ askGateway: true });
    expect(api.requests.all).toHaveLength(2);
  });

  it('ends those that are gone, everywhere and with their events, and keeps those that are alive', async () => {
    const { api, manager, recorder, becomeStale } = await start();
    const [gone = '', alive = ''] = await becomeStale(2);
    api.answerWith(({ connectionId }) => (connectionId === gone ? 410 : 200));
    expect(await manager.cleanup({ askGateway: true })).toBe(1);
    expect(await manager.getAllConnections()).toEqual([alive]);
    expect(await manager.getConnectionsByUserId(42)).toEqual([alive]);
    expect(await manager.getStats()).toMatchObject({ channels: { news: 1 } });
    expect(recorder.left).toEqual([{ connectionId: gone, channel: 'news' }]);
    expect(recorder.disconnected).toEqual([
      expect.objectContaining({ connectionId: gone, cause: 'stale', channels: ['news'] }),
    ]);
  });

  it('takes one that is alive for stale again only after as long as before', async () => {
    const { api, manager, clock, becomeStale } = await start();
    await becomeStale(1);
    await manager.cleanup({ askGateway: true });
    await clock.advance(STALE_AFTER_SECONDS * 1_000);
    expect(await manager.cleanup({ askGateway: true })).toBe(0);
    expect(api.requests.all).toHaveLength(1);
    await clock.advance(1);
    api.answerWith(() => 410);
    expect(await manager.cleanup({ askGateway: true })).toBe(1);
  });

  const silences: [description: string, answer: Awaited<ReturnType<Respond>>][] = [
    ['throttles', 429],
    ['refuses', 403],
    ['fails', 500],
    ['finds the id malformed', 400],
    ['does not know the path', 404],
    ['never answers', null],
  ];
  it.each(silences)('leaves a connection for the next sweep when its gateway %s', async (_, answer) => {
    const { api, manager, recorder, logged, becomeStale } = await start(() => answer, { deliveryTimeoutMs: 250 });
    const [connectionId = ''] = await becomeStale(1);
    expect(await manager.cleanup({ askGateway: true })).toBe(0);
    expect(await manager.getConnection(connectionId)).toMatchObject({ channels: ['news'] });
    expect(recorder.disconnected).toEqual([]);
    expect(logged.filter((line) => line.includes(' Stale connections left for the next sweep: 1.'))).toHaveLength(1);
    expect(logged.join('\n')).not.toContain(connectionId);
    api.answerWith(() => 410);
    expect(await manager.cleanup({ askGateway: true })).toBe(1);
    expect(recorder.disconnected).toHaveLength(1);
  });

  it('leaves those that this process knows no way to, and says how many and why', async () => {
    const { api, manager, logged, becomeStale } = await start(() => 403);
    const elsewhere = await becomeStale(2, 'local:another-process');
    const refused = await becomeStale(1);
    expect(await manager.cleanup({ askGateway: true })).toBe(0);
    expect(await manager.getAllConnections()).toEqual([...elsewhere, ...refused]);
    expect(api.requests.all).toHaveLength(1);
    expect(logged.filter((line) => line.includes('next sweep'))).toEqual([
      '[sweep.incomplete] Stale connections left for the next sweep: 3. Their gateway gave no answer (it throttles, refuses or cannot be reached): 1. This ' +
        "process cannot ask about them (their endpoint is not known, or their socket is another process's): 2.",
    ]);
  });

  it('asks about at most maxConcurrentSends at once, however many endpoints there are', async () => {
    let underWay = 0;
    let most = 0;
    const respond: Respond = async () => {
      most = Math.max(most, ++underWay);
      // Long enough for others to come, if they were let.
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      return 410;
    };
    const { manager, becomeStale } = await start(respond, { maxConcurrentSends: 3 });
    for (let apis = 0; apis < 5; apis++) {
      const api = await ManagementApiServer.start(respond);
      await becomeStale(4, api.endpoint());
    }
    expect(await manager.cleanup({ askGateway: true })).toBe(20);
    expect(most).toBe(3);
  });

  it('stops asking an endpoint that gives no answer, and goes on with the others', async () => {
    const { api, manager, becomeStale } = await start(() => 403, { maxConcurrentSends: 10 });
    const other = await ManagementApiServer.start(() => 410);
    const silent = await becomeStale(300);
    await becomeStale(5, other.endpoint());
    expect(await manager.cleanup({ askGateway: true })).toBe(5);
    expect(api.requests.all.length).toBeGreaterThanOrEqual(100);
    expect(api.requests.all.length).toBeLessThan(110);
    expect(await manager.getAllConnections()).toEqual(silent);
  });

  it('ends each connection once when two sweeps meet', async () => {
    const gate = new Gate();
    const respond: Respond = async () => {
      await gate.opened;
      return 410;
    };
    const { api, manager, recorder, becomeStale } = await start(respond);
    const ids = await becomeStale(20);
    const sweeps = [manager.cleanup({ askGateway: true }), manager.cleanup({ askGateway: true })];
    // Each has asked about every connection before either learns anything.
    await api.requests.until(40);
    gate.open();
    const [first = 0, second = 0] = await Promise.all(sweeps);
    expect(first + second).toBe(20);
    expect(recorder.disconnected.map(({ connectionId }) => connectionId).sort()).toEqual(ids.sort());
  });

  it('does not bring back a connection that ended while its gateway was asked', async () => {
    const gate = new Gate();
    const respond: Respond = async ({ method }) => {
      if (method === 'GET') await gate.opened;
      return 200;
    };
    const { api, manager, recorder, becomeStale } = await start(respond);
    const [connectionId = ''] = await becomeStale(1);
    const sweep = manager.cleanup({ askGateway: true });
    await api.requests.until(1);
    await manager.disconnect(connectionId);
    gate.open();
    expect(await sweep).toBe(0);
    expect(await manager.getStats()).toEqual({ totalConnections: 0, totalChannels: 0, channels: {} });
    expect(recorder.disconnected).toHaveLength(1);
  });

  it("gets its answers from the embedded gateway's @connections as from API Gateway", async () => {
    const gateway = await gatewayApp().gateway({ credentials: testCredentials }).start();
    const [open, closed] = [await gateway.connectWithId(), await gateway.connectWithId()];
    const { manager, clock, recorder } = await start();
    for (const { connectionId } of [open, closed]) {
      await manager.handle(connect({ connectionId, connectedAt: clock.now() }), { endpoint: gateway.endpoint });
    }
    await clock.advance(STALE_AFTER_SECONDS * 1_000 + 1);
    await closed.client.close();
    expect(await manager.cleanup({ askGateway: true })).toBe(1);
    expect(await manager.getAllConnections()).toEqual([open.connectionId]);
    expect(recorder.disconnected).toEqual([
      expect.objectContaining({ connectionId: closed.connectionId, cause: 'stale' }),
    ]);
  });

  it('knows the sockets of its own embedded gateway without asking anybody', async () => {
    const clock = new ManualClock();
    const gateway = await gatewayApp().with({ clock }).start();
    const { connectionId } = await gateway.connectWithId();
    await clock.advance(24.5 * 3_600_000);
    expect(await gateway.manager.cleanup({ askGateway: true })).toBe(0);
    expect(await gateway.manager.getAllConnections()).toEqual([connectionId]);
    expect(gateway.logged).toEqual([]);
  });
});
