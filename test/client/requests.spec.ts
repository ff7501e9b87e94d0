import { afterEach, describe, expect, it } from '@jest/globals';
import type { WebSocketClientError } from '../../src/client/index.js';
import { clientOf, endScripts, ScriptedServer, statusOf, waitForNothing } from './scripted.server.js';

const published = ({ channel }: Readonly<Record<string, unknown>>) => ({
  type: 'published',
  channel,
  messageId: 'm1',
  offset: 7,
});

describe('a publish', () => {
  afterEach(endScripts);

  it('waits for its subscription, and resolves with what the message became', async () => {
    const server = await ScriptedServer.start();
    delete server.answers['subscribe'];
    server.answers['publish'] = published;
    const { client } = clientOf(server.url);
    client.connect();
    const answer = client.subscribe('room').publish({ text: 'Hi' }, { event: 'said' });
    const peer = await server.nextPeer();
    const { id } = await peer.takes('subscribe');
    await peer.isRead();
    expect(peer.frames.filter(({ action }) => action === 'publish')).toEqual([]);
    peer.send({ type: 'subscribed', id, channel: 'room' });
    expect(await peer.takes('publish')).toEqual({
      action: 'publish',
      id: expect.stringMatching(/^[\x21-\x7e]{22,64}$/),
      channel: 'room',
      event: 'said',
      data: { text: 'Hi' },
    });
    await expect(answer).resolves.toEqual({ messageId: 'm1', offset: 7 });
  });

  it('is sent again with the same id after a reconnection, and duplicate is success', async () => {
    const server = await ScriptedServer.start();
    const { client, clock } = clientOf(server.url);
    waitForNothing(client, clock);
    client.connect();
    const room = client.subscribe('room');
    const answer = room.publish('once');
    const first = await server.nextPeer();
    const { id } = await first.takes('publish');
    server.answers['publish'] = () => ({
      type: 'error',
      code: 'duplicate',
      message: 'Again.',
      retry: false,
      messageId: 'm1',
    });
    first.socket.terminate();
    const second = await server.nextPeer();
    expect(await second.takes('publish')).toMatchObject({ id, data: 'once' });
    await expect(answer).resolves.toMatchObject({ messageId: 'm1' });
  });

  it('subscribes again when the server knows of no subscription', async () => {
    const server = await ScriptedServer.start();
    let isForgotten = true;
    server.answers['publish'] = (frame) =>
      isForgotten
        ? { type: 'error', code: 'not-subscribed', channel: 'room', message: 'Not subscribed.', retry: false }
        : published(frame);
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('room');
    await room.ready;
    const peer = await server.nextPeer();
    await peer.takes('subscribe');
    const answer = room.publish('x');
    const { id } = await peer.takes('publish');
    isForgotten = false;
    await peer.takes('subscribe');
    expect(await peer.takes('publish')).toMatchObject({ id });
    await expect(answer).resolves.toMatchObject({ messageId: 'm1' });
  });

  it('gives up where the server never knows of a subscription', async () => {
    const server = await ScriptedServer.start();
    server.answers['publish'] = () => ({ type: 'error', code: 'not-subscribed', message: 'No.', retry: false });
    const { client } = clientOf(server.url);
    client.connect();
    await expect(client.subscribe('room').publish('x')).rejects.toMatchObject({ code: 'not-subscribed' });
    expect(server.peers[0]!.frames.filter(({ action }) => action === 'publish')).toHaveLength(4);
  });

  it('fails with the code of a channel that is closed', async () => {
    const server = await ScriptedServer.start();
    server.answers['subscribe'] = () => ({ type: 'error', code: 'forbidden', message: 'Closed to you.', retry: false });
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('private-a');
    const closures: WebSocketClientError[] = [];
    room.onClosed((error) => closures.push(error));
    const waiting = room.publish('x');
    await expect(room.ready).rejects.toMatchObject({ code: 'forbidden' });
    await expect(waiting).rejects.toMatchObject({ code: 'forbidden' });
    await expect(room.publish('y')).rejects.toMatchObject({ code: 'forbidden', retry: false });
    expect(closures.map(({ code }) => code)).toEqual(['forbidden']);
    expect(room.status).toBe('closed');
  });
});

describe('a request', () => {
  afterEach(endScripts);

  it('resolves with the data of the reply', async () => {
    const server = await ScriptedServer.start();
    server.answers['event'] = ({ data }) => ({ type: 'reply', data: { got: data } });
    const { client } = clientOf(server.url);
    client.connect();
    await expect(client.request('rooms', { page: 1 })).resolves.toEqual({ got: { page: 1 } });
    expect(await server.peers[0]!.takes('event')).toEqual({
      action: 'event',
      id: expect.any(String),
      event: 'rooms',
      data: { page: 1 },
    });
  });

  it('tries again after retryAfterMs, or a wait, and rejects with what does not help to repeat', async () => {
    const server = await ScriptedServer.start();
    const errors = [
      { code: 'rate-limited', retry: true, retryAfterMs: 200 },
      { code: 'unavailable', retry: true },
      { code: 'unknown-event', retry: false },
    ];
    server.answers['event'] = () => ({ type: 'error', message: 'No.', ...errors.shift() });
    const { client, clock } = clientOf(server.url);
    client.connect();
    const answer = client.request('x');
    const outcome = expect(answer).rejects.toMatchObject({ code: 'unknown-event', retry: false, message: 'No.' });
    const peer = await server.nextPeer();
    const { id } = await peer.takes('event');
    await peer.isRead();
    await clock.advance(199);
    await peer.isRead();
    expect(peer.frames.filter(({ action }) => action === 'event')).toHaveLength(1);
    await clock.advance(1);
    expect(await peer.takes('event')).toMatchObject({ id });
    await peer.isRead();
    await clock.advance(2_000);
    expect(await peer.takes('event')).toMatchObject({ id });
    await outcome;
  });

  it('ends in time: with the last error, or with none', async () => {
    const server = await ScriptedServer.start();
    const { client, clock } = clientOf(server.url, { requestTimeoutMs: 3_000 });
    client.connect();
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    const silent = expect(client.request('x')).rejects.toMatchObject({ code: 'timeout', retry: true });
    await peer.takes('event');
    await clock.advance(3_000);
    await silent;
    server.answers['event'] = () => ({ type: 'error', code: 'unavailable', message: 'No.', retry: true });
    const tried = expect(client.request('x', null, { timeoutMs: 400 })).rejects.toMatchObject({ code: 'unavailable' });
    await peer.takes('event');
    await peer.isRead();
    await clock.advance(400);
    await tried;
  });

  it('is refused unsent when it is larger than the server takes', async () => {
    const server = await ScriptedServer.start();
    server.welcomes({ maxMessageBytes: 1_000 });
    const { client } = clientOf(server.url);
    client.connect();
    const early = expect(client.request('x', 'ä'.repeat(500))).rejects.toMatchObject({ code: 'too-large' });
    const room = client.subscribe('room');
    await room.ready;
    await early;
    await expect(room.publish('ä'.repeat(500))).rejects.toMatchObject({
      code: 'too-large',
      retry: false,
      message: expect.stringMatching(/^\d{4} bytes; the server takes 1000/),
    });
    expect(() => room.whisper('typing', 'ä'.repeat(500))).toThrow(/^\d{4} bytes; the server takes 1000/);
    const peer = await server.nextPeer();
    await peer.isRead();
    expect(peer.frames.filter(({ action }) => action === 'event' || action === 'publish')).toEqual([]);
  });

  it('waits for a connection, with others up to maxQueued', async () => {
    const server = await ScriptedServer.start();
    server.answers['event'] = ({ event }) => ({ type: 'reply', data: event });
    const { client } = clientOf(server.url, { maxQueued: 2 });
    await expect(client.request('zero')).rejects.toMatchObject({ code: 'not-connected' });
    client.connect();
    const answers = [client.request('one'), client.request('two')];
    await expect(client.request('three')).rejects.toMatchObject({ code: 'not-connected', retry: true });
    await expect(Promise.all(answers)).resolves.toEqual(['one', 'two']);
  });

  it('has an id that no other has', async () => {
    const server = await ScriptedServer.start();
    server.answers['event'] = () => ({ type: 'reply' });
    for (const { client } of [clientOf(server.url), clientOf(server.url)]) {
      client.connect();
      await Promise.all([client.request('a'), client.request('b')]);
    }
    const ids = server.peers.flatMap(({ frames }) => frames.map(({ id }) => String(id)));
    expect(ids.length).toBeGreaterThanOrEqual(6);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.min(...ids.map((id) => id.length))).toBeGreaterThanOrEqual(22);
  });
});

describe('a subscription', () => {
  afterEach(endScripts);

  it('is tried again for as long as that may help', async () => {
    const server = await ScriptedServer.start();
    server.answers['subscribe'] = () => ({ type: 'error', code: 'channel-full', message: 'Full.', retry: true });
    const { client, clock } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('room', { data: { invitation: 'i' } });
    const full = new Promise((resolve) => room.onStatus((status, error) => error && resolve([status, error.code])));
    const peer = await server.nextPeer();
    expect(await peer.takes('subscribe')).toMatchObject({ data: { invitation: 'i' } });
    await expect(full).resolves.toEqual(['subscribing', 'channel-full']);
    server.answers['subscribe'] = () => ({ type: 'subscribed', channel: 'room' });
    await clock.advance(500);
    await room.ready;
    expect(room.error).toBeUndefined();
  });

  it('ends when the server says so, and not for its own unsubscribing', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    client.connect();
    const [mine, theirs] = [client.subscribe('mine'), client.subscribe('theirs')];
    const closures: string[] = [];
    for (const room of [mine, theirs]) room.onClosed(({ message }) => closures.push(message));
    await Promise.all([mine.ready, theirs.ready]);
    const peer = await server.nextPeer();
    mine.unsubscribe();
    expect(await peer.takes('unsubscribe')).toMatchObject({ channel: 'mine', id: expect.any(String) });
    peer.send({ type: 'unsubscribed', channel: 'theirs', reason: 'The board was closed.' });
    await peer.isRead();
    expect(closures).toEqual(['The board was closed.']);
    expect([mine.status, theirs.status]).toEqual(['closed', 'closed']);
  });

  it('is shared by those who ask for it, until the last has unsubscribed', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('room');
    expect(client.subscribe('room')).toBe(room);
    await room.ready;
    room.unsubscribe();
    expect(room.status).toBe('subscribed');
    room.unsubscribe();
    expect(room.status).toBe('closed');
    expect(client.subscribe('room')).not.toBe(room);
  });

  it('does not overtake the end of the one before it', async () => {
    const server = await ScriptedServer.start();
    delete server.answers['unsubscribe'];
    const { client } = clientOf(server.url);
    client.connect();
    const before = client.subscribe('room');
    await before.ready;
    const peer = await server.nextPeer();
    await peer.takes('subscribe');
    before.unsubscribe();
    const after = client.subscribe('room');
    const { id } = await peer.takes('unsubscribe');
    await peer.isRead();
    expect(peer.frames.filter(({ action }) => action === 'subscribe')).toHaveLength(1);
    peer.send({ type: 'unsubscribed', id, channel: 'room' });
    await peer.takes('subscribe');
    await after.ready;
  });

  it('outlasts close() and goes on with the next connect()', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('room');
    await room.ready;
    client.close();
    expect(room.status).toBe('subscribing');
    const again = new Promise((resolve) => room.onStatus((status) => status === 'subscribed' && resolve(true)));
    client.connect();
    await expect(again).resolves.toBe(true);
  });
});
