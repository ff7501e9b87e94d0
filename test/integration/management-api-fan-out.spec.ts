import { afterEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WebSocketManager, WebSocketModuleOptions } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { Gate } from '../support/gateway-inbox.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';

afterEach(stopApplications);
afterEach(stopManagementApis);

function start(options: WebSocketModuleOptions = {}) {
  return startApplication({ options: { credentials: testCredentials, ...options } });
}

async function register(manager: WebSocketManager, endpoint: string, connectionId = newConnectionId()) {
  await manager.handle(connect({ connectionId }), { endpoint });
  return connectionId;
}

async function registerMany(manager: WebSocketManager, endpoint: string, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => register(manager, endpoint)));
}

describe('a message to many connections', () => {
  it('goes to 1,000 of them, on two stages, as many at once as allowed and never more', async () => {
    const atOnce = 50;
    let gate = new Gate();
    // Answers nobody until that many wait: sends in a row would never be answered.
    const api = await ManagementApiServer.start(async () => {
      const { opened } = gate;
      if (api.underWay === atOnce) {
        // Time for one too many to arrive.
        for (let turn = 0; turn < 5; turn++) await nextTurn();
        gate.open();
        gate = new Gate();
      }
      await opened;
      return 200;
    });
    const { manager } = await start({
      maxConcurrentSends: atOnce,
      requestTimeoutMs: 15_000,
      deliveryTimeoutMs: 15_000,
    });
    const stages = [api.endpoint('prod'), api.endpoint('beta')];
    const connectionIds: string[] = [];
    for (let index = 0; index < 1_000; index++) connectionIds.push(await register(manager, stages[index % 2]!));
    const results = await manager.broadcast('x');
    expect(Object.values(results).filter(Boolean)).toHaveLength(1_000);
    expect(Object.keys(results).sort()).toEqual([...connectionIds].sort());
    expect(api.mostUnderWay).toBe(atOnce);
  });

  it('reaches all but those that fail', async () => {
    const verdicts = [200, 410, 403, 200, 413, 200, 400, 410, 200];
    const byId = new Map<string, number>();
    const api = await ManagementApiServer.start(({ connectionId }) => byId.get(connectionId) ?? 500);
    const { manager } = await start();
    for (const status of verdicts) byId.set(await register(manager, api.endpoint()), status);
    const expected = Object.fromEntries([...byId].map(([connectionId, status]) => [connectionId, status === 200]));
    expect(await manager.broadcast('x')).toEqual(expected);
    const left = [...byId].filter(([, status]) => status !== 410).map(([connectionId]) => connectionId);
    expect((await manager.getAllConnections()).sort()).toEqual(left.sort());
  });

  it('does not wait with the others for one that is slow', async () => {
    const gate = new Gate();
    const slow = newConnectionId();
    const api = await ManagementApiServer.start(async ({ connectionId }) => {
      if (connectionId === slow) await gate.opened;
      return 200;
    });
    const { manager } = await start({ maxConcurrentSends: 2 });
    await register(manager, api.endpoint(), slow);
    await registerMany(manager, api.endpoint(), 30);
    const sending = manager.broadcast('x');
    await api.requests.until(31);
    gate.open();
    expect(Object.values(await sending)).toEqual(Array.from({ length: 31 }, () => true));
  });

  it('goes to each of them once, however often it is named', async () => {
    const api = await ManagementApiServer.start();
    const { manager } = await start();
    const [first, second] = (await registerMany(manager, api.endpoint(), 2)) as [string, string];
    await manager.joinChannel(first, 'news');
    expect(await manager.sendToConnections([first, second, first], 'x')).toEqual({ [first]: true, [second]: true });
    expect(api.requests.all).toHaveLength(2);
    expect(await manager.to('news', 'news').to('news').send('y')).toMatchObject({ delivered: 1 });
    expect(api.requests.all).toHaveLength(3);
  });

  it('may go to ids that are names of object properties', async () => {
    const api = await ManagementApiServer.start(({ connectionId }) => (connectionId === 'constructor' ? 403 : 200));
    const { manager } = await start();
    const ids = ['__proto__', 'constructor', 'toString'];
    for (const connectionId of ids) await register(manager, api.endpoint(), connectionId);
    const results = await manager.sendToConnections([...ids, 'hasOwnProperty'], 'x');
    expect(Object.entries(results).sort()).toEqual([
      ['__proto__', true],
      ['constructor', false],
      ['hasOwnProperty', false],
      ['toString', true],
    ]);
    expect(Object.getPrototypeOf(results)).toBeNull();
  });
});
