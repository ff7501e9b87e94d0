import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { WebSocketManager, type ConnectedEvent } from '../../src/index.js';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { EventRecorder } from '../support/recorder.js';

/** The API of laravel-bref/websocket, method by method, and the bugs of its implementation that this one must not have. */
let server: ManagementApiServer;
let application: RunningApplication;
let manager: WebSocketManager;
let recorder: EventRecorder;

beforeEach(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  server = await ManagementApiServer.start();
  application = await startApplication({
    options: { apiGatewayEndpoint: server.endpoint() },
    providers: [EventRecorder],
  });
  ({ manager } = application);
  recorder = application.get(EventRecorder);
});

afterEach(async () => {
  await stopApplications();
  await stopManagementApis();
});

async function connected(userId?: unknown): Promise<string> {
  const connectionId = newConnectionId();
  await manager.handle(connect({ connectionId, userId }));
  return connectionId;
}

function plain<Value>(map: Record<string, Value>): Record<string, Value> {
  expect(Object.getPrototypeOf(map)).toBeNull();
  return { ...map };
}

describe('handle', () => {
  it('answers the four kinds of routes with their bodies', async () => {
    const connectionId = newConnectionId();
    expect(await manager.handle(connect({ connectionId }))).toEqual({
      statusCode: 200,
      body: '{"message":"Connected"}',
    });
    expect(await manager.handle(message(connectionId, {}))).toEqual({
      statusCode: 200,
      body: '{"message":"Message received"}',
    });
    expect(await manager.handle(message(connectionId, {}, 'myRoute'))).toEqual({
      statusCode: 200,
      body: '{"message":"Custom route handled"}',
    });
    expect(await manager.handle(disconnect(connectionId))).toEqual({
      statusCode: 200,
      body: '{"message":"Disconnected"}',
    });
  });

  it('takes the minimal events that have a route key and a connection id and nothing else', async () => {
    const event = (routeKey: string) => ({ requestContext: { connectionId: 'abc', routeKey } });
    await manager.handle(event('$connect'));
    expect(await manager.getAllConnections()).toEqual(['abc']);
    await manager.handle({ ...event('$default'), body: '{"a":1}' });
    expect(recorder.messages[0]).toMatchObject({ connectionId: 'abc', message: { a: 1 } });
    await manager.handle(event('$disconnect'));
    expect(await manager.getAllConnections()).toEqual([]);
  });

  it('hands listeners the payload as one object', async () => {
    const connectionId = newConnectionId();
    const event = message(connectionId, { hello: 'world' });
    await manager.handle(event);
    expect(recorder.messages).toEqual([{ connectionId, message: { hello: 'world' }, eventData: event }]);
  });

  it('raises websocket.{routeKey} for a custom route', async () => {
    const heard: unknown[] = [];
    application.get(EventEmitter2).on('websocket.orders.create', (payload) => heard.push(payload));
    const event = message('abc', { id: 7 }, 'orders.create');
    await manager.handle(event);
    expect(heard).toEqual([{ connectionId: 'abc', message: { id: 7 }, eventData: event }]);
  });

  it('treats a route called message like $default', async () => {
    expect(await manager.handle(message('abc', {}, 'message'))).toEqual({
      statusCode: 200,
      body: '{"message":"Message received"}',
    });
    expect(recorder.messages).toHaveLength(1);
  });

  it('stores a connection before it tells of it, so that a listener can join it to a channel', async () => {
    const joined: boolean[] = [];
    application.get(EventEmitter2).on('websocket.connected', async ({ connectionId }: ConnectedEvent) => {
      joined.push(await manager.joinChannel(connectionId, 'lobby'));
    });
    const connectionId = await connected();
    expect(joined).toEqual([true]);
    expect(await manager.getConnectionsByChannel('lobby')).toEqual([connectionId]);
  });

  it('removes a connection before it tells of its end, with what it was and where', async () => {
    const connectionId = await connected(42);
    await manager.joinChannel(connectionId, 'a');
    await manager.joinChannel(connectionId, 'b');
    const stillThere: boolean[] = [];
    application.get(EventEmitter2).on('websocket.disconnected', async () => {
      stillThere.push(await manager.connectionExists(connectionId));
    });
    const event = disconnect(connectionId, 1001, 'Going away');
    await manager.handle(event);
    expect(stillThere).toEqual([false]);
    expect(recorder.disconnected).toEqual([
      {
        connectionId,
        connection: expect.objectContaining({ connectionId, userId: '42', channels: ['a', 'b'] }),
        channels: ['a', 'b'],
        cause: 'client',
        code: 1001,
        reason: 'Going away',
        eventData: event,
      },
    ]);
    expect(recorder.left.map(({ channel }) => channel)).toEqual(['a', 'b']);
  });

  it('tells of the end once, however often $disconnect comes', async () => {
    const connectionId = await connected();
    await Promise.all([1, 2, 3].map(() => manager.handle(disconnect(connectionId))));
    expect(recorder.disconnected).toHaveLength(1);
  });

  it('tells nothing of a connection that was never accepted', async () => {
    expect((await manager.handle(disconnect(newConnectionId()))).statusCode).toBe(200);
    expect(recorder.disconnected).toEqual([]);
  });
});

describe('sends', () => {
  it('sendToConnection resolves whether the gateway took the message', async () => {
    const connectionId = await connected();
    expect(await manager.sendToConnection(connectionId, { type: 'ping' })).toBe(true);
    expect(server.inboxes).toEqual({ [connectionId]: [{ type: 'ping' }] });
    expect(await manager.sendToConnection('unknown', { type: 'ping' })).toBe(false);
    expect(server.requests.all).toHaveLength(1);
  });

  it('sendToConnections resolves a result for each id and sends to each once', async () => {
    const [a, b] = [await connected(), await connected()];
    expect(plain(await manager.sendToConnections([a, b, a, 'unknown'], 'hi'))).toEqual({
      [a]: true,
      [b]: true,
      unknown: false,
    });
    expect(server.inboxes).toEqual({ [a]: ['hi'], [b]: ['hi'] });
  });

  it('broadcast reaches everyone', async () => {
    const [a, b] = [await connected(), await connected()];
    expect(plain(await manager.broadcast({ n: 1 }))).toEqual({ [a]: true, [b]: true });
  });

  it('sendToUser reaches every connection of a user, whether the id is a number or a string', async () => {
    const [a, b, c] = [await connected('42'), await connected(42), await connected('43')];
    expect(plain(await manager.sendToUser(42, { n: 1 }))).toEqual({ [a]: true, [b]: true });
    expect(plain(await manager.sendToUser('42', { n: 2 }))).toEqual({ [a]: true, [b]: true });
    expect(server.inboxes).toEqual({ [a]: [{ n: 1 }, { n: 2 }], [b]: [{ n: 1 }, { n: 2 }] });
    expect(plain(await manager.sendToUser('nobody', {}))).toEqual({});
    expect(await manager.getConnectionsByUserId(43)).toEqual([c]);
  });

  it('sendToUsers resolves the results by user and connection', async () => {
    const [a, b] = [await connected('1'), await connected('2')];
    const results = plain(await manager.sendToUsers([1, '2', 'nobody'], { n: 1 }));
    expect(results).toEqual({ 1: { [a]: true }, 2: { [b]: true }, nobody: {} });
  });

  it('takes __proto__ for a user like any other', async () => {
    const connectionId = await connected('__proto__');
    const results = await manager.sendToUsers(['__proto__'], { n: 1 });
    expect(Object.keys(results)).toEqual(['__proto__']);
    expect(Object.entries(results)[0]?.[1]).toEqual({ [connectionId]: true });
  });

  it('sendToChannel reaches the members', async () => {
    const [a, b] = [await connected(), await connected()];
    await manager.joinChannel(a, 'news');
    expect(plain(await manager.sendToChannel('news', { n: 1 }))).toEqual({ [a]: true });
    expect(plain(await manager.sendToChannel('empty', { n: 1 }))).toEqual({});
    expect(server.inboxes[b]).toBeUndefined();
  });

  it('forgets a connection everywhere once the gateway answers a bare 410', async () => {
    const [a, b] = [await connected('42'), await connected('42')];
    for (const connectionId of [a, b]) await manager.joinChannel(connectionId, 'news');
    server.answerWith(({ connectionId }) => (connectionId === a ? 410 : 200));
    expect(plain(await manager.sendToChannel('news', {}))).toEqual({ [a]: false, [b]: true });
    expect(await manager.connectionExists(a)).toBe(false);
    expect(await manager.getConnectionsByChannel('news')).toEqual([b]);
    expect(await manager.getConnectionsByUserId(42)).toEqual([b]);
    expect(recorder.disconnected).toEqual([
      expect.objectContaining({ connectionId: a, cause: 'gone', channels: ['news'] }),
    ]);
  });

  it('goes on with the others when one fails', async () => {
    const ids = [await connected(), await connected(), await connected()];
    server.answerWith(({ connectionId }) => (connectionId === ids[0] ? 403 : 200));
    expect(plain(await manager.broadcast({}))).toEqual({ [ids[0]!]: false, [ids[1]!]: true, [ids[2]!]: true });
    expect(await manager.getAllConnections()).toEqual(ids);
  });
});

describe('channels', () => {
  it('joinChannel and leaveChannel tell of real changes only', async () => {
    const connectionId = await connected();
    expect(await manager.joinChannel(connectionId, 'news')).toBe(true);
    expect(await manager.joinChannel(connectionId, 'news')).toBe(true);
    expect(await manager.getChannelsByConnection(connectionId)).toEqual(['news']);
    expect(await manager.leaveChannel(connectionId, 'news')).toBe(true);
    expect(await manager.leaveChannel(connectionId, 'news')).toBe(true);
    expect(recorder.joined).toEqual([{ connectionId, channel: 'news' }]);
    expect(recorder.left).toEqual([{ connectionId, channel: 'news' }]);
    expect(await manager.getAllChannels()).toEqual([]);
  });

  it('answer false for an unknown connection, and change nothing', async () => {
    expect(await manager.joinChannel('unknown', 'news')).toBe(false);
    expect(await manager.leaveChannel('unknown', 'news')).toBe(false);
    expect(await manager.getAllChannels()).toEqual([]);
    expect(recorder.order).toEqual([]);
  });

  it('are left when a connection ends, even while it is joining', async () => {
    const connectionId = await connected();
    await Promise.all([
      ...['a', 'b', 'c'].map((channel) => manager.joinChannel(connectionId, channel)),
      manager.handle(disconnect(connectionId)),
      ...['d', 'e', 'f'].map((channel) => manager.joinChannel(connectionId, channel)),
    ]);
    expect(await manager.getStats()).toEqual({ totalConnections: 0, totalChannels: 0, channels: {} });
    expect(recorder.left.map(({ channel }) => channel)).toEqual(recorder.joined.map(({ channel }) => channel));
  });
});

describe('lookups', () => {
  it('resolve the documented shapes', async () => {
    const connectedAt = Date.now() - 60_000;
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId, userId: '42', connectedAt }));
    await manager.joinChannel(connectionId, 'news');
    expect(await manager.getConnection(connectionId)).toEqual({
      connectionId,
      connectedAt,
      userId: '42',
      routeKey: '$connect',
      channels: ['news'],
      endpoint: 'https://abcd123.execute-api.eu-west-1.amazonaws.com/prod',
    });
    expect(await manager.getAllConnections()).toEqual([connectionId]);
    expect(await manager.getAllChannels()).toEqual(['news']);
    expect(await manager.getConnectionsByChannel('news')).toEqual([connectionId]);
    expect(await manager.getChannelsByConnection(connectionId)).toEqual(['news']);
  });

  it('resolve null, false and empty lists for what is unknown', async () => {
    expect(await manager.getConnection('unknown')).toBeNull();
    expect(await manager.connectionExists('unknown')).toBe(false);
    expect(await manager.getChannelsByConnection('unknown')).toEqual([]);
    expect(await manager.getConnectionsByChannel('unknown')).toEqual([]);
    expect(await manager.getConnectionsByUserId('unknown')).toEqual([]);
  });

  it('getStats counts the members of each channel', async () => {
    const ids = [await connected(), await connected(), await connected()];
    for (const connectionId of ids) await manager.joinChannel(connectionId, 'all');
    await manager.joinChannel(ids[0]!, 'one');
    const stats = await manager.getStats();
    expect(stats).toEqual({ totalConnections: 3, totalChannels: 2, channels: { all: 3, one: 1 } });
    expect(Object.getPrototypeOf(stats.channels)).toBeNull();
  });

  it('list exactly those of 2,000 that connected at once', async () => {
    const ids = Array.from({ length: 2_000 }, () => newConnectionId());
    await Promise.all(ids.map((connectionId) => manager.handle(connect({ connectionId }))));
    expect((await manager.getAllConnections()).sort()).toEqual(ids.sort());
  });
});

describe('cleanup', () => {
  it('ends connections older than 24 hours everywhere and resolves how many', async () => {
    const hours = (count: number) => Date.now() - count * 3_600_000;
    const [old, young] = [newConnectionId(), newConnectionId()];
    await manager.handle(connect({ connectionId: old, userId: '42', connectedAt: hours(24.1) }));
    await manager.handle(connect({ connectionId: young, userId: '42', connectedAt: hours(23.9) }));
    for (const connectionId of [old, young]) await manager.joinChannel(connectionId, 'news');
    expect(await manager.cleanup()).toBe(1);
    expect(await manager.getAllConnections()).toEqual([young]);
    expect(await manager.getConnectionsByChannel('news')).toEqual([young]);
    expect(await manager.getConnectionsByUserId('42')).toEqual([young]);
    expect(recorder.disconnected).toEqual([
      expect.objectContaining({ connectionId: old, cause: 'stale', channels: ['news'] }),
    ]);
    expect(await manager.cleanup()).toBe(0);
  });
});
