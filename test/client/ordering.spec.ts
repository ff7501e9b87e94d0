import { afterEach, describe, expect, it } from '@jest/globals';
import type { Gap, Subscription, WebSocketClient } from '../../src/client/index.js';
import type { ManualClock } from '../support/manual.clock.js';
import { clientOf, endScripts, ScriptedServer, statusOf, type Frame, type Peer } from './scripted.server.js';

const message = (offset: number, epoch = 'e1'): Frame => ({
  type: 'message',
  channel: 'room',
  data: offset,
  id: `${epoch}-${offset}`,
  timestamp: 1,
  epoch,
  offset,
});

interface Scene {
  readonly client: WebSocketClient;
  readonly server: ScriptedServer;
  readonly peer: Peer;
  readonly room: Subscription;
  readonly clock: ManualClock;
  readonly shown: unknown[];
  readonly gaps: Gap[];
}

async function subscribed(answer: Frame, history?: number): Promise<Scene> {
  const server = await ScriptedServer.start();
  server.answers['subscribe'] = () => ({ type: 'subscribed', channel: 'room', ...answer });
  const { client, clock } = clientOf(server.url);
  const shown: unknown[] = [];
  const gaps: Gap[] = [];
  client.connect();
  const room = client.subscribe('room', history === undefined ? {} : { history });
  room.onMessage(({ data }) => shown.push(data));
  room.onGap((gap) => gaps.push(gap));
  await room.ready;
  return { client, server, peer: await server.nextPeer(), room, clock, shown, gaps };
}

describe('a subscription', () => {
  afterEach(endScripts);

  it('shows what it begins with, parts first, and then what comes', async () => {
    const server = await ScriptedServer.start();
    server.answers['subscribe'] = ({ id }, peer) => {
      peer.send({ type: 'part', id: 'of another request', channel: 'room', messages: [message(1)] });
      peer.send({ type: 'part', id, channel: 'room', messages: [message(16)] });
      return { type: 'subscribed', channel: 'room', epoch: 'e1', offset: 17, messages: [message(17)] };
    };
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('room', { history: 2 });
    const shown: unknown[] = [];
    room.onMessage(({ data }) => shown.push(data));
    const peer = await server.nextPeer();
    expect(await peer.takes('subscribe')).toMatchObject({ channel: 'room', history: 2 });
    peer.send(message(18));
    await peer.isRead();
    expect(shown).toEqual([16, 17, 18]);
  });

  it('holds what comes before subscribed', async () => {
    const server = await ScriptedServer.start();
    delete server.answers['subscribe'];
    const { client } = clientOf(server.url);
    client.connect();
    const shown: unknown[] = [];
    client.subscribe('room').onMessage(({ data }) => shown.push(data));
    const peer = await server.nextPeer();
    const { id } = await peer.takes('subscribe');
    peer.send(message(2));
    peer.send({ type: 'message', channel: 'room', data: 'loose', id: 'x', timestamp: 1 });
    await peer.isRead();
    expect(shown).toEqual([]);
    peer.send({ type: 'subscribed', id, channel: 'room', epoch: 'e1', offset: 1, messages: [message(1)] });
    await peer.isRead();
    expect(shown).toEqual([1, 2, 'loose']);
  });

  it('puts numbered messages in order, and drops repeated ones', async () => {
    const { peer, shown, server, clock } = await subscribed({ epoch: 'e1', offset: 0 });
    for (const offset of [1, 3, 2, 2, 1, 4]) peer.send(message(offset));
    await peer.isRead();
    await clock.advance(1_000);
    await peer.isRead();
    expect(shown).toEqual([1, 2, 3, 4]);
    expect(server.peers[0]!.frames.filter(({ action }) => action === 'subscribe')).toHaveLength(1);
  });

  it('takes messages without a number as they come, each once', async () => {
    const { peer, shown } = await subscribed({});
    for (const id of ['a', 'b', 'a']) peer.send({ type: 'message', channel: 'room', data: id, id, timestamp: 1 });
    await peer.isRead();
    expect(shown).toEqual(['a', 'b']);
  });

  it('recovers when a gap stays', async () => {
    const { peer, shown, clock, server, gaps } = await subscribed({ epoch: 'e1', offset: 4 });
    await peer.takes('subscribe');
    peer.send(message(5));
    peer.send(message(7));
    await peer.isRead();
    expect(shown).toEqual([5]);
    server.answers['subscribe'] = () => ({
      type: 'subscribed',
      channel: 'room',
      recovered: true,
      epoch: 'e1',
      offset: 7,
      messages: [message(6), message(7)],
    });
    await clock.advance(500);
    expect(await peer.takes('subscribe')).toMatchObject({ recover: { epoch: 'e1', offset: 5 } });
    peer.send(message(8));
    await peer.isRead();
    expect(shown).toEqual([5, 6, 7, 8]);
    expect(gaps).toEqual([]);
  });

  it('recovers at once when another epoch begins, and says what may be missing', async () => {
    const { peer, shown, server, gaps } = await subscribed({ epoch: 'e1', offset: 4 });
    await peer.takes('subscribe');
    server.answers['subscribe'] = () => ({
      type: 'subscribed',
      channel: 'room',
      recovered: false,
      epoch: 'e2',
      offset: 2,
      messages: [message(2, 'e2')],
    });
    peer.send(message(2, 'e2'));
    expect(await peer.takes('subscribe')).toMatchObject({ recover: { epoch: 'e1', offset: 4 } });
    peer.send(message(3, 'e2'));
    await peer.isRead();
    expect(gaps).toEqual([{ from: { epoch: 'e1', offset: 4 }, to: { epoch: 'e2', offset: 2 } }]);
    expect(shown).toEqual([2, 3]);
  });

  it('recovers after a reconnection from where it was', async () => {
    const { client, server, peer, shown, clock, gaps } = await subscribed({ epoch: 'e1', offset: 4 });
    peer.send(message(5));
    await peer.isRead();
    server.answers['subscribe'] = () => ({
      type: 'subscribed',
      channel: 'room',
      recovered: true,
      epoch: 'e1',
      offset: 6,
      messages: [message(6)],
    });
    peer.socket.close(1012);
    await statusOf(client, 'reconnecting');
    await clock.advance(1_000);
    const second = await server.nextPeer();
    expect(await second.takes('subscribe')).toMatchObject({ recover: { epoch: 'e1', offset: 5 } });
    await second.isRead();
    expect(shown).toEqual([5, 6]);
    expect(gaps).toEqual([]);
  });

  it('says so when not everything could be recovered, before it shows the rest', async () => {
    const { client, server, peer, room, clock, shown } = await subscribed({ epoch: 'e1', offset: 4 });
    room.onGap(() => shown.push('gap'));
    server.answers['subscribe'] = () => ({
      type: 'subscribed',
      channel: 'room',
      recovered: false,
      epoch: 'e1',
      offset: 900,
      messages: [message(900)],
    });
    peer.socket.close(1012);
    await statusOf(client, 'reconnecting');
    await clock.advance(1_000);
    const second = await server.nextPeer();
    await second.takes('subscribe');
    second.send(message(901));
    await second.isRead();
    expect(shown).toEqual(['gap', 900, 901]);
  });

  it('says so when the channel has lost its history altogether', async () => {
    const { client, server, peer, clock, gaps, shown } = await subscribed({ epoch: 'e1', offset: 4 });
    server.answers['subscribe'] = () => ({ type: 'subscribed', channel: 'room', recovered: false });
    peer.socket.close(1012);
    await statusOf(client, 'reconnecting');
    await clock.advance(1_000);
    const second = await server.nextPeer();
    await second.takes('subscribe');
    second.send(message(1, 'e2'));
    await second.isRead();
    expect(gaps).toEqual([{ from: { epoch: 'e1', offset: 4 }, to: { epoch: 'e1', offset: 4 } }]);
    expect(shown).toEqual([1]);
  });

  it('misses nothing of a channel whose first message comes while it is away', async () => {
    const { client, server, peer, clock, shown, gaps } = await subscribed({});
    server.answers['subscribe'] = () => ({
      type: 'subscribed',
      channel: 'room',
      recovered: true,
      epoch: 'e1',
      offset: 2,
      messages: [message(1), message(2)],
    });
    peer.socket.close(1012);
    await statusOf(client, 'reconnecting');
    await clock.advance(1_000);
    const second = await server.nextPeer();
    expect(await second.takes('subscribe')).toMatchObject({ recover: { offset: 0 } });
    await second.isRead();
    expect(shown).toEqual([1, 2]);
    expect(gaps).toEqual([]);
  });

  it('says so when such a channel does not keep its first message any more', async () => {
    const { client, server, peer, clock, gaps } = await subscribed({});
    server.answers['subscribe'] = () => ({
      type: 'subscribed',
      channel: 'room',
      recovered: false,
      epoch: 'e1',
      offset: 150,
      messages: [message(150)],
    });
    peer.socket.close(1012);
    await statusOf(client, 'reconnecting');
    await clock.advance(1_000);
    const second = await server.nextPeer();
    await second.takes('subscribe');
    await second.isRead();
    expect(gaps).toEqual([{ from: { epoch: 'e1', offset: 0 }, to: { epoch: 'e1', offset: 150 } }]);
  });

  it('waits for the first message of a channel that had none', async () => {
    const { peer, shown } = await subscribed({});
    peer.send(message(2));
    await peer.isRead();
    expect(shown).toEqual([]);
    peer.send(message(1));
    await peer.isRead();
    expect(shown).toEqual([1, 2]);
  });

  it('subscribes again when the server had forgotten the connection', async () => {
    const { server, peer, shown } = await subscribed({ epoch: 'e1', offset: 4 });
    await peer.takes('subscribe');
    server.answers['subscribe'] = () => ({
      type: 'subscribed',
      channel: 'room',
      recovered: true,
      epoch: 'e1',
      offset: 5,
      messages: [message(5)],
    });
    peer.send({ type: 'restored' });
    expect(await peer.takes('subscribe')).toMatchObject({ recover: { epoch: 'e1', offset: 4 } });
    await peer.isRead();
    expect(shown).toEqual([5]);
  });
});
