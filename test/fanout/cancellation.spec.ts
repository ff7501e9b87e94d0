import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryProgress, WebSocketManager, WebSocketModuleOptions } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { Gate } from '../support/gateway-inbox.js';
import { ManualClock } from '../support/manual.clock.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';

afterEach(stopApplications);
afterEach(stopManagementApis);

let clock: ManualClock;
let api: ManagementApiServer;

beforeEach(async () => {
  clock = new ManualClock();
  api = await ManagementApiServer.start();
});

async function start(count: number, options: WebSocketModuleOptions = {}): Promise<WebSocketManager> {
  const { manager } = await startApplication({ options: { credentials: testCredentials, clock, ...options } });
  for (let index = 0; index < count; index++) {
    await manager.handle(connect({ connectionId: newConnectionId() }), { endpoint: api.endpoint() });
  }
  return manager;
}

describe('a broadcast that is called off', () => {
  it.each(['by its signal', 'by its time limit'])('%s ends at once and tells how far it came', async (manner) => {
    const silence = new Gate();
    api.answerWith(async () => {
      if (api.requests.all.length <= 10) return 200;
      await silence.opened;
      return 200;
    });
    // Requests have their time by the machine's clock, and a busy one must not end those that wait in silence.
    const manager = await start(900, { maxConcurrentSends: 20, requestTimeoutMs: 60_000 });
    const controller = new AbortController();
    const sending = manager.except().send('x', { signal: controller.signal, timeoutMs: 60_000 });
    await api.requests.until(25);
    if (manner === 'by its signal') controller.abort();
    else await clock.advance(60_000);
    const report = await sending;
    const { delivered, failed } = report;
    expect(report).toMatchObject({ aborted: true, gone: 0, throttled: 0 });
    expect(delivered).toBeGreaterThanOrEqual(5);
    expect(delivered).toBeLessThanOrEqual(10);
    expect(failed).toBeGreaterThan(15);
    silence.open();
    // The next message reaches everyone. Of the first no more were sent than those that were under way.
    expect(await manager.except().send('y', { timeoutMs: 60_000 })).toMatchObject({ delivered: 900 });
    const ofFirst = api.requests.all.filter(({ body }) => body.toString() === '"x"');
    expect(ofFirst.length).toBeLessThanOrEqual(10 + 20);
    expect(clock.pending).toBe(0);
  });

  it('beforehand sends nothing, and tells whom of a list it did not reach', async () => {
    const manager = await start(3);
    expect(await manager.except().send('x', { signal: AbortSignal.abort() })).toEqual({
      delivered: 0,
      gone: 0,
      throttled: 0,
      failed: 0,
      aborted: true,
    });
    expect(api.requests.all).toEqual([]);
  });

  it('while it waits to try again does not wait any longer', async () => {
    api.answerWith(() => 429);
    const manager = await start(1);
    const [connectionId = ''] = await manager.getAllConnections();
    const controller = new AbortController();
    const sending = manager.except().send('x', { signal: controller.signal, outcomes: true });
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await sending).toMatchObject({
      aborted: true,
      outcomes: { [connectionId]: { status: 'failed', reason: 'aborted' } },
    });
    expect(clock.pending).toBe(0);
  });
});

describe('a broadcast that takes long', () => {
  it('tells how far it is as often as it was asked to', async () => {
    const release = new Gate();
    api.answerWith(async () => {
      if (api.requests.all.length > 100) await release.opened;
      return 200;
    });
    const manager = await start(150, { fanout: { progressEveryMs: 200 }, maxConcurrentSends: 150 });
    const told: DeliveryProgress[] = [];
    const onProgress = (progress: DeliveryProgress): void => {
      told.push(progress);
      if (told.length === 1) throw new Error('a callback that fails');
    };
    const sending = manager.except().send('x', { onProgress });
    await api.requests.until(120);
    while (told.at(-1)?.delivered !== 100) await clock.advance(200);
    release.open();
    expect(await sending).toMatchObject({ delivered: 150 });
    expect(told.at(-1)).toMatchObject({ delivered: 100, inFlight: 50, gone: 0, throttled: 0, failed: 0 });
    expect(told.map(({ elapsedMs }) => elapsedMs)).toEqual(told.map((_, index) => (index + 1) * 200));
    expect(new Set(told.map(({ broadcastId }) => broadcastId)).size).toBe(1);
    expect(clock.pending).toBe(0);
  });
});
