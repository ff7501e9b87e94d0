import { setImmediate } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { StoreUnavailableError, WebSocketManager } from '../../src/index.js';
import { connect, disconnect, message, newConnectionId } from './events.js';

/** One call of each method of the manager that needs the store, by the method's name. */
export type ManagerCalls = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * Methods that have an answer whatever becomes of the store; `to`, `toUser` and `except` need it once they send, and broadcasts are in the memory of
 * the process where the store is a cache.
 */
const INDEPENDENT = [
  'constructor',
  'handle',
  'health',
  'selection',
  'getBroadcast',
  // Those of channels with presence or history: `test/channels` sees to them.
  'getPresence',
  'countPresence',
  'getHistory',
  'untilBroadcast',
  'to',
  'toUser',
  'except',
];

/** Who the calls are about. */
export interface Subject {
  readonly connectionId: string;
  readonly userId: string;
  readonly channel: string;
}

/** Every call of the manager that must reject while its store is away. Those that change nothing come first. */
export function callsOf(manager: WebSocketManager, { connectionId, userId, channel }: Subject): ManagerCalls {
  return {
    getConnection: () => manager.getConnection(connectionId),
    connectionExists: () => manager.connectionExists(connectionId),
    getAllConnections: () => manager.getAllConnections(),
    getConnectionsByUserId: () => manager.getConnectionsByUserId(userId),
    getConnectionsByChannel: () => manager.getConnectionsByChannel(channel),
    getChannelsByConnection: () => manager.getChannelsByConnection(connectionId),
    getAllChannels: () => manager.getAllChannels(),
    getStats: () => manager.getStats(),
    connections: () => drain(manager.connections()),
    membersOf: () => drain(manager.membersOf(channel)),
    sendToConnection: () => manager.sendToConnection(connectionId, 'hello'),
    sendToConnections: () => manager.sendToConnections([connectionId, 'another'], 'hello'),
    broadcast: () => manager.broadcast('hello'),
    sendToUser: () => manager.sendToUser(userId, 'hello'),
    sendToUsers: () => manager.sendToUsers([userId, 'another'], 'hello'),
    sendToChannel: () => manager.sendToChannel(channel, 'hello'),
    'to().send': () => manager.to(channel).send('hello'),
    'toUser().send': () => manager.toUser(userId).send('hello'),
    'except().send': () => manager.except('another').send('hello', { outcomes: true }),
    publish: () => manager.publish(channel, 'hello'),
    unsubscribe: () => manager.unsubscribe(connectionId, channel),
    joinChannel: () => manager.joinChannel(connectionId, channel),
    leaveChannel: () => manager.leaveChannel(connectionId, channel),
    cleanup: () => manager.cleanup(),
    'cleanup, asking': () => manager.cleanup({ askGateway: true }),
    disconnect: () => manager.disconnect(connectionId),
    disconnectUser: () => manager.disconnectUser(userId),
  };
}

/** The manager's methods that {@link callsOf} has no call of; none, or a new method was forgotten. */
export function methodsWithoutCall(calls: ManagerCalls): string[] {
  const covered = new Set([...INDEPENDENT, ...Object.keys(calls)]);
  return Object.getOwnPropertyNames(WebSocketManager.prototype).filter((method) => !covered.has(method));
}

/**
 * Expects that with its store away the manager rejects every call with `StoreUnavailableError`, answers every event with 503, and says
 * that it is down: each within this time, whether they come one by one or all at once.
 */
export async function expectOutage(manager: WebSocketManager, subject: Subject, withinMs: number): Promise<void> {
  const calls = callsOf(manager, subject);
  expect(methodsWithoutCall(calls)).toEqual([]);
  for (const [name, call] of Object.entries(calls)) await expectRefusal(name, call, withinMs);
  for (const event of eventsOf(subject)) await expectUnavailable(manager, event, withinMs);
  await Promise.all([
    ...Object.entries(calls).map(([name, call]) => expectRefusal(name, call, withinMs)),
    ...eventsOf(subject).map((event) => expectUnavailable(manager, event, withinMs)),
  ]);
  const { value: health, elapsedMs } = await timed(() => manager.health());
  expect(health).toMatchObject({ status: 'down', reason: expect.stringMatching(/^\w+$/) });
  expect(elapsedMs).toBeLessThan(withinMs);
}

/**
 * Waits until the store answers again, then expects that the manager handles every event, answers every call and says that it is up.
 * The subject is connected and in its channel when the calls are made, and gone afterwards; its endpoint must take messages.
 */
export async function expectRecovery(manager: WebSocketManager, subject: Subject): Promise<void> {
  // A client that refuses at once must get its turn to reconnect.
  while ((await manager.health()).status === 'down') await setImmediate();
  const { connectionId, userId, channel } = subject;
  expect(await manager.handle(message(connectionId, {}, '$default', { userId }))).toMatchObject({ statusCode: 200 });
  expect(await manager.getConnectionsByUserId(userId)).toEqual([connectionId]);
  expect(await manager.joinChannel(connectionId, channel)).toBe(true);
  expect(await manager.sendToChannel(channel, 'hello')).toEqual({ [connectionId]: true });
  for (const call of Object.values(callsOf(manager, subject))) expect(await call()).toBeDefined();
  for (const event of eventsOf(subject)) expect(await manager.handle(event)).toMatchObject({ statusCode: 200 });
}

/** A connection that is new, a message of the subject and its end. */
function eventsOf({ connectionId, userId }: Subject): unknown[] {
  return [
    connect({ connectionId: newConnectionId() }),
    message(connectionId, {}, 'chat', { userId }),
    disconnect(connectionId),
  ];
}

async function expectRefusal(name: string, call: () => Promise<unknown>, withinMs: number): Promise<void> {
  const { value, elapsedMs } = await timed(() =>
    call().then(
      (answer) => ({ answer }),
      (error: unknown) => error,
    ),
  );
  expect([name, value]).toEqual([name, expect.any(StoreUnavailableError)]);
  expect([name, elapsedMs < withinMs]).toEqual([name, true]);
}

async function expectUnavailable(manager: WebSocketManager, event: unknown, withinMs: number): Promise<void> {
  const { value, elapsedMs } = await timed(() => manager.handle(event));
  expect(value).toEqual({ statusCode: 503, body: '{"error":"Service unavailable"}' });
  expect(elapsedMs).toBeLessThan(withinMs);
}

async function timed<Value>(work: () => Promise<Value>): Promise<{ value: Value; elapsedMs: number }> {
  const startedAt = performance.now();
  const value = await work();
  return { value, elapsedMs: performance.now() - startedAt };
}

async function drain(pages: AsyncIterable<readonly string[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page);
  return ids;
}
