import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { WebSocket } from 'ws';
import { WebSocketClient, type ClientStatusEvent } from '../../src/client/index.js';
import { returnAfter } from '../../src/client/return.policy.js';
import { Closes, UnsentCloses } from '../../src/protocol/close-codes.js';
import { ManualClock } from '../support/manual.clock.js';
import { clientOf, endScripts, ScriptedServer, statusOf, waitForNothing } from './scripted.server.js';

function eventsOf(client: WebSocketClient): ClientStatusEvent[] {
  const events: ClientStatusEvent[] = [];
  client.onStatus((event) => events.push(event));
  return events;
}

describe('a client', () => {
  afterEach(endScripts);

  it('greets, and is connected when it was welcomed', async () => {
    const server = await ScriptedServer.start();
    server.welcomes({ data: { news: 1 } });
    const { client } = clientOf(server.url);
    const events = eventsOf(client);
    const welcomes: unknown[] = [];
    client.onWelcome(({ data }) => welcomes.push(data));
    expect(client.status).toBe('disconnected');
    client.connect();
    client.connect();
    const peer = await server.nextPeer();
    expect(await peer.takes('hello')).toEqual({
      action: 'hello',
      protocol: 1,
      id: expect.stringMatching(/^.{22,64}$/),
    });
    await statusOf(client, 'connected');
    expect(events.map(({ status }) => status)).toEqual(['connecting', 'connected']);
    expect(welcomes).toEqual([{ news: 1 }]);
    client.close();
    expect(await peer.closed()).toBe(1000);
    expect(client.status).toBe('disconnected');
    expect(server.peers).toHaveLength(1);
  });

  it('subscribes to everything in the same step as it greets', async () => {
    const server = await ScriptedServer.start();
    server.answers = {};
    const { client } = clientOf(server.url);
    client.connect();
    for (const name of ['a', 'b', 'c']) client.subscribe(name);
    const peer = await server.nextPeer();
    await peer.takes('hello');
    expect(await peer.takes('subscribe')).toMatchObject({ channel: 'a' });
    expect(await peer.takes('subscribe')).toMatchObject({ channel: 'b' });
    expect(await peer.takes('subscribe')).toMatchObject({ channel: 'c' });
  });

  it('tries again when the first attempt fails, later each time and at most after maxDelayMs', async () => {
    const port = await unusedPort();
    const { client, clock } = clientOf(`ws://127.0.0.1:${port}`, { reconnect: { maxDelayMs: 5_000 } });
    const waits: unknown[] = [];
    for (const isFirst of [true, false, false, false]) {
      const failed = new Promise<ClientStatusEvent>((resolve) => {
        const stop = client.onStatus((event) => {
          if (event.retryInMs === undefined) return;
          stop();
          resolve(event);
        });
      });
      if (isFirst) client.connect();
      else await clock.advance(2_500);
      const event = await failed;
      expect(event).toMatchObject({ status: 'connecting', code: 1006 });
      waits.push([event.attempt, event.retryInMs]);
    }
    expect(waits).toEqual([
      [1, 1_000],
      [2, 2_000],
      [3, 2_500],
      [4, 2_500],
    ]);
    const server = await ScriptedServer.start(port);
    await clock.advance(2_500);
    await server.nextPeer();
    await statusOf(client, 'connected');
  });

  it('begins with short waits again only after a connection that lasted', async () => {
    const server = await ScriptedServer.start();
    const { client, clock } = clientOf(server.url);
    const events = eventsOf(client);
    client.connect();
    for (const lastsMs of [0, 0, 5_000, 0]) {
      const peer = await server.nextPeer();
      await statusOf(client, 'connected');
      await clock.advance(lastsMs);
      peer.socket.close(1012);
      await statusOf(client, 'reconnecting');
      await clock.advance(4_000);
    }
    const waits = events.flatMap(({ retryInMs }) => (retryInMs === undefined ? [] : [retryInMs]));
    expect(waits).toEqual([500, 1_000, 500, 1_000]);
  });

  it('is done after a code that says never, and may be connected anew', async () => {
    const server = await ScriptedServer.start();
    const { client, clock } = clientOf(server.url);
    client.connect();
    const events = eventsOf(client);
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    peer.socket.close(1008, 'Too many parts');
    await statusOf(client, 'failed');
    expect(events.at(-1)).toEqual({ status: 'failed', code: 1008, reason: 'Too many parts' });
    expect(clock.pending).toBe(0);
    await expect(client.request('x')).rejects.toMatchObject({ code: 'not-connected', retry: true });
    client.connect();
    await statusOf(client, 'connected');
  });

  it('is done when the server does not speak its protocol', async () => {
    const server = await ScriptedServer.start();
    server.answers['hello'] = () => ({
      type: 'error',
      code: 'unsupported-protocol',
      message: 'Version 2 only.',
      retry: false,
    });
    const { client } = clientOf(server.url);
    const events = eventsOf(client);
    client.connect();
    await statusOf(client, 'failed');
    expect(events.at(-1)).toMatchObject({ reason: 'Version 2 only.' });
  });

  it('says what may be wrong when nobody answers its greeting', async () => {
    const server = await ScriptedServer.start();
    server.answers = {};
    const { client, clock } = clientOf(server.url);
    const events = eventsOf(client);
    client.connect();
    const peer = await server.nextPeer();
    await peer.takes('hello');
    await clock.advance(10_000);
    expect(events.at(-1)).toMatchObject({
      status: 'connecting',
      code: 1006,
      reason: expect.stringMatching(/channels/),
    });
  });

  it('gives up a handshake that does not end', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const { client, clock } = clientOf(`ws://127.0.0.1:${port}`);
    const events = eventsOf(client);
    client.connect();
    const [socket] = (await once(silent, 'connection')) as [import('node:net').Socket];
    await clock.advance(10_000);
    expect(events.at(-1)).toMatchObject({ status: 'connecting', code: 1006, attempt: 1 });
    client.close();
    socket.destroy();
    silent.close();
  });

  it('pings as often as the server asks, or more often, and takes silence for the end', async () => {
    const server = await ScriptedServer.start();
    server.welcomes({ pingSeconds: 30 });
    const { client, clock } = clientOf(server.url, { pingSeconds: 60 });
    client.connect();
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    await clock.advance(29_999);
    expect(peer.frames.filter(({ action }) => action === 'ping')).toEqual([]);
    await clock.advance(1);
    await peer.takes('ping');
    await peer.isRead();
    delete server.answers['ping'];
    await clock.advance(30_000);
    await peer.takes('ping');
    await clock.advance(9_999);
    expect(client.status).toBe('connected');
    await clock.advance(1);
    expect(client.status).toBe('reconnecting');
    await clock.advance(1_000);
    await server.nextPeer();
    await statusOf(client, 'connected');
  });

  it('pings at once when its timers fire very late, and does not mind a clock that is set back', async () => {
    const server = await ScriptedServer.start();
    const { client, clock } = clientOf(server.url);
    client.connect();
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    clock.setBy(-3_600_000);
    await clock.advance(40_000);
    await peer.isRead();
    expect(peer.frames.filter(({ action }) => action === 'ping')).toEqual([]);
    clock.setBy(3_600_000);
    await clock.advance(20_000);
    await peer.takes('ping');
  });

  it('goes by what the browser says of its network and its page', async () => {
    const page = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const names = ['document', 'addEventListener', 'removeEventListener'];
    const before = Object.fromEntries(
      Object.entries(Object.getOwnPropertyDescriptors(globalThis)).filter(([name]) => names.includes(name)),
    );
    Object.assign(globalThis, {
      document,
      addEventListener: page.addEventListener.bind(page),
      removeEventListener: page.removeEventListener.bind(page),
    });
    try {
      const server = await ScriptedServer.start();
      const { client } = clientOf(server.url);
      client.connect();
      const peer = await server.nextPeer();
      await statusOf(client, 'connected');
      page.dispatchEvent(new Event('online'));
      await peer.takes('ping');
      await peer.isRead();
      document.dispatchEvent(new Event('visibilitychange'));
      await peer.takes('ping');
      peer.socket.close(1012);
      await statusOf(client, 'reconnecting');
      page.dispatchEvent(new Event('online'));
      const second = await server.nextPeer();
      await statusOf(client, 'connected');
      client.close();
      await second.closed();
      page.dispatchEvent(new Event('online'));
      expect(client.status).toBe('disconnected');
    } finally {
      for (const name of names) Reflect.deleteProperty(globalThis, name);
      Object.defineProperties(globalThis, before);
    }
  });

  it('asks for a token before each connection, and puts it where it is wanted', async () => {
    const server = await ScriptedServer.start();
    let count = 0;
    const { client, clock } = clientOf(`${server.url}?a=1`, {
      token: async () => `t&${++count}`,
      tokenParameter: 'access_token',
      protocols: (token) => ['chat', `bearer.${token?.slice(2) ?? ''}`],
    });
    client.connect();
    const first = await server.nextPeer();
    expect(first.path).toBe('/ws?a=1&access_token=t%261');
    expect(first.protocols).toEqual(['chat', 'bearer.1']);
    await statusOf(client, 'connected');
    await client.refreshToken();
    expect(await first.takes('authenticate')).toEqual({ action: 'authenticate', token: 't&2' });
    first.socket.close(4401);
    await statusOf(client, 'reconnecting');
    await clock.advance(500);
    expect((await server.nextPeer()).path).toBe('/ws?a=1&access_token=t%263');
  });

  it('tries later when there is no token, and does not tell it', async () => {
    const server = await ScriptedServer.start();
    let isOut = true;
    const { client, clock } = clientOf(server.url, {
      token: () => {
        if (isOut) throw new TypeError('secret');
        return 'here';
      },
    });
    const events = eventsOf(client);
    client.connect();
    await clock.advance(0);
    expect(events.at(-1)).toMatchObject({
      status: 'connecting',
      retryInMs: 1_000,
      reason: 'TypeError before connecting.',
    });
    isOut = false;
    await clock.advance(1_000);
    expect((await server.nextPeer()).path).toBe('/ws?token=here');
  });

  it('opens nothing when it is closed while it waits for its token', async () => {
    const opened: string[] = [];
    class Counted extends WebSocket {
      constructor(url: string) {
        super(url);
        opened.push(url);
      }
    }
    let give: (token: string) => void = () => undefined;
    const { client, clock } = clientOf('ws://127.0.0.1:1', {
      WebSocket: Counted,
      token: () => new Promise<string>((resolve) => (give = resolve)),
    });
    client.connect();
    client.close();
    give('late');
    await clock.advance(60_000);
    expect(opened).toEqual([]);
    client.connect();
    give('in time');
    await clock.advance(0);
    expect(opened).toEqual(['ws://127.0.0.1:1?token=in%20time']);
  });

  it('takes several URLs in turn, and one that failed last', async () => {
    const [a, b] = [await ScriptedServer.start(), await ScriptedServer.start()];
    const dead = `ws://127.0.0.1:${await unusedPort()}`;
    const { client, clock } = clientOf([dead, a.url, b.url]);
    waitForNothing(client, clock);
    client.connect();
    const first = await b.nextPeer();
    await statusOf(client, 'connected');
    first.socket.close(1012);
    const second = await a.nextPeer();
    await statusOf(client, 'connected');
    const events = eventsOf(client);
    second.socket.close(1012);
    // The dead one has failed the longest ago of all three: it gets its chance, and fails again.
    await b.nextPeer();
    await statusOf(client, 'connected');
    expect(events.map(({ code }) => code)).toEqual([1012, undefined, 1006, undefined, undefined]);
  });

  it('draws one of several URLs', async () => {
    const [a, b] = [await ScriptedServer.start(), await ScriptedServer.start()];
    const { client } = clientOf([a.url, b.url], { select: 'random', random: () => 0.99 });
    client.connect();
    await b.nextPeer();
    expect(a.peers).toEqual([]);
  });

  it('hands over frames that are not of the protocol', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    const data: unknown[] = [];
    client.onData((value) => data.push(value));
    client.connect();
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    for (const frame of ['plain', '{"message":"Internal server error"}', 'null', '[1]']) peer.send(frame);
    await peer.isRead();
    expect(data).toEqual(['plain', { message: 'Internal server error' }, null, [1]]);
  });

  it('answers questions with what the first listener returns that returns something', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    client.onRequest(async (question) => ({ to: question }));
    client.connect();
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    peer.send({ type: 'request', id: 'q', data: 'Still there?' });
    expect(await peer.takes('reply')).toEqual({ action: 'reply', id: 'q', data: { to: 'Still there?' } });
  });

  it('wants a constructor where there is none', () => {
    expect(() => new WebSocketClient({ urls: 'ws://a', WebSocket: undefined as never })).toThrow(
      /^Give the option WebSocket/,
    );
  });

  it('leaves no timer behind when it is closed', async () => {
    const server = await ScriptedServer.start();
    const { client, clock } = clientOf(server.url);
    client.connect();
    client.subscribe('a');
    await statusOf(client, 'connected');
    const answer = client.request('x');
    client.close();
    await expect(answer).rejects.toMatchObject({ code: 'closed' });
    expect(clock.pending).toBe(0);
  });

  it('closes a socket that is still opening without a word of complaint', async () => {
    const server = await ScriptedServer.start();
    const client = new WebSocketClient({ urls: server.url, WebSocket, clock: new ManualClock() });
    client.connect();
    await new Promise((resolve) => setImmediate(resolve));
    client.close();
    expect(client.status).toBe('disconnected');
  });
});

describe('the time to come back', () => {
  it('is that of the table of close codes', () => {
    for (const { code, reconnect } of [...Object.values(Closes), ...Object.values(UnsentCloses)])
      expect([code, returnAfter(code, false)]).toEqual([code, reconnect]);
    expect(returnAfter(4999, false)).toBe('later');
  });

  it('is later after 1000 where connections last for a limited time, as on API Gateway', () => {
    expect(returnAfter(1000, true)).toBe('later');
    expect(returnAfter(1008, true)).toBe('never');
  });

  it('may be told otherwise', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url, {
      reconnect: { whenClosed: (code) => (code === 4403 ? 'never' : undefined) },
    });
    client.connect();
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    peer.socket.close(4403, 'Banned');
    await statusOf(client, 'failed');
    await endScripts();
  });
});

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
