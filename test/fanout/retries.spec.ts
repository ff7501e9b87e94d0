import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocketManager, WebSocketModuleOptions } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { Gate } from '../support/gateway-inbox.js';
import { ManualClock, passing } from '../support/manual.clock.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis, type Respond } from '../support/management-api-server.js';

afterEach(stopApplications);
afterEach(stopManagementApis);

let clock: ManualClock;
let api: ManagementApiServer;

beforeEach(async () => {
  clock = new ManualClock();
  api = await ManagementApiServer.start();
});

async function start(options: WebSocketModuleOptions = {}): Promise<WebSocketManager> {
  const { manager } = await startApplication({ options: { credentials: testCredentials, clock, ...options } });
  return manager;
}

async function register(manager: WebSocketManager): Promise<string> {
  const connectionId = newConnectionId();
  await manager.handle(connect({ connectionId }), { endpoint: api.endpoint() });
  return connectionId;
}

/** Answers the attempts of each connection in turn, the last answer for ever. */
function inTurn(...answers: readonly number[]): Respond {
  const attempts = new Map<string, number>();
  return ({ connectionId }) => {
    const attempt = attempts.get(connectionId) ?? 0;
    attempts.set(connectionId, attempt + 1);
    return answers[Math.min(attempt, answers.length - 1)] ?? 200;
  };
}

describe('a message that is not taken at once', () => {
  it.each([
    ['throttled', [429, 429, 429, 429, 200], 5],
    ['refused by a server that fails', [500, 503, 200], 3],
  ])('arrives after all when it was %s for a while', async (_, answers, attempts) => {
    api.answerWith(inTurn(...answers));
    const manager = await start();
    const connectionId = await register(manager);
    expect(await passing(clock, manager.sendToConnection(connectionId, 'x'))).toBe(true);
    expect(api.requests.all).toHaveLength(attempts);
  });

  it('counts as throttled when that does not end in its time', async () => {
    api.answerWith(() => ({ status: 429, error: 'LimitExceededException' }));
    const manager = await start({ deliveryTimeoutMs: 10_000 });
    const connectionId = await register(manager);
    const startedAt = clock.now();
    const report = await passing(clock, manager.except().send('x', { outcomes: true }));
    expect(report).toMatchObject({
      throttled: 1,
      outcomes: { [connectionId]: { status: 'throttled', reason: 'LimitExceededException' } },
    });
    expect(clock.now() - startedAt).toBeLessThan(12_000);
    expect(api.requests.all.length).toBeGreaterThan(3);
  });

  it('is tried three times by a server that fails', async () => {
    api.answerWith(() => 500);
    const manager = await start();
    await register(manager);
    expect(await passing(clock, manager.except().send('x'))).toMatchObject({ failed: 1 });
    expect(api.requests.all).toHaveLength(3);
  });

  it.each([403, 410, 413, 400])('is not tried again after %i', async (status) => {
    api.answerWith(() => status);
    const manager = await start();
    await register(manager);
    await manager.except().send('x');
    expect(api.requests.all).toHaveLength(1);
  });

  it('keeps nobody else waiting', async () => {
    const manager = await start({ maxConcurrentSends: 2 });
    const slow = await Promise.all(Array.from({ length: 20 }, () => register(manager)));
    const others = await Promise.all(Array.from({ length: 200 }, () => register(manager)));
    const reached = new Set<string>();
    const all = new Gate();
    api.answerWith(({ connectionId }) => {
      if (slow.includes(connectionId)) return 429;
      if (reached.add(connectionId).size === others.length) all.open();
      return 200;
    });
    const sending = manager.except().send('x');
    // The time of the application stands still: nobody who was throttled has been tried again.
    await all.opened;
    expect(api.requests.all.filter(({ connectionId }) => slow.includes(connectionId)).length).toBeLessThanOrEqual(20);
    expect(await passing(clock, sending)).toMatchObject({ delivered: 200, throttled: 20 });
  });
});

describe('messages to one connection', () => {
  it('arrive in the order in which they were sent, though nobody waits for the first of them to be taken', async () => {
    api.answerWith(inTurn(429, 500, 200, 429, 200));
    const manager = await start();
    const connectionId = await register(manager);
    const sends = [1, 2, 3, 4, 5].map((number) => manager.sendToConnection(connectionId, number));
    expect(await passing(clock, Promise.all(sends))).toEqual([true, true, true, true, true]);
    const taken = (api.inboxes[connectionId] ?? []).filter((number, index, all) => all.indexOf(number) === index);
    expect(taken).toEqual([1, 2, 3, 4, 5]);
  });

  it('do not wait for one another for longer than a message may take', async () => {
    const manager = await start({ deliveryTimeoutMs: 5_000, requestTimeoutMs: 5_000 });
    api.answerWith(() => 429);
    const connectionId = await register(manager);
    const startedAt = clock.now();
    const sends = [1, 2, 3].map((number) => manager.sendToConnection(connectionId, number));
    expect(await passing(clock, Promise.all(sends))).toEqual([false, false, false]);
    expect(clock.now() - startedAt).toBeLessThan(7_000);
    api.answerWith(() => 200);
    expect(await passing(clock, manager.sendToConnection(connectionId, 4))).toBe(true);
  });
});
