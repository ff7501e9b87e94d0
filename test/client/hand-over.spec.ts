import { afterEach, describe, expect, it } from '@jest/globals';
import type { ManualClock } from '../support/manual.clock.js';
import type { ClientStatusEvent, WebSocketClient } from '../../src/client/index.js';
import { clientOf, endScripts, ScriptedServer, statusOf, type Frame, type Peer } from './scripted.server.js';

const numbered = (offset: number): Frame => ({
  type: 'message',
  channel: 'numbered',
  data: offset,
  id: `n${offset}`,
  timestamp: 1,
  epoch: 'e1',
  offset,
});
const loose = (id: string): Frame => ({ type: 'message', channel: 'loose', data: id, id, timestamp: 1 });

interface Scene {
  readonly server: ScriptedServer;
  readonly client: WebSocketClient;
  readonly clock: ManualClock;
  readonly first: Peer;
  readonly shown: unknown[];
  readonly events: ClientStatusEvent[];
}

/** Subscribed to two channels on a connection of 7,200 seconds. */
async function nearTheEnd(): Promise<Scene> {
  const server = await ScriptedServer.start();
  server.welcomes({ lifetimeSeconds: 7_200, pingSeconds: 10_000 });
  server.answers['subscribe'] = ({ channel }) =>
    channel === 'numbered' ? { type: 'subscribed', channel, epoch: 'e1', offset: 0 } : { type: 'subscribed', channel };
  const { client, clock } = clientOf(server.url);
  const shown: unknown[] = [];
  client.connect();
  for (const name of ['numbered', 'loose']) {
    const room = client.subscribe(name);
    room.onMessage(({ data }) => shown.push(data));
    await room.ready;
  }
  const first = await server.nextPeer();
  const events: ClientStatusEvent[] = [];
  client.onStatus((event) => events.push(event));
  return { server, client, clock, first, shown, events };
}

const NINETY_PERCENT_MS = 6_480_000;

describe('a hand-over', () => {
  afterEach(endScripts);

  it('begins when nine tenths of the life are over, and loses and doubles nothing', async () => {
    const { server, clock, first, shown, events } = await nearTheEnd();
    first.send(numbered(1));
    first.send(loose('a'));
    await first.isRead();
    delete server.answers['subscribe'];
    await clock.advance(NINETY_PERCENT_MS - 1);
    expect(server.peers).toHaveLength(1);
    await clock.advance(1);
    const second = await server.nextPeer();
    const asked = await second.takes('subscribe');
    expect(asked).toMatchObject({ channel: 'numbered', recover: { epoch: 'e1', offset: 1 } });
    const other = await second.takes('subscribe');
    // Both connections get what is published now, in any order.
    first.send(numbered(2));
    second.send(numbered(3));
    second.send(loose('b'));
    await first.isRead();
    await second.isRead();
    second.send({
      type: 'subscribed',
      id: asked['id'],
      channel: 'numbered',
      recovered: true,
      epoch: 'e1',
      offset: 2,
      messages: [numbered(2)],
    });
    second.send({ type: 'subscribed', id: other['id'], channel: 'loose' });
    first.send(loose('b'));
    first.send(numbered(3));
    await second.isRead();
    await first.isRead();
    for (const peer of [second, first]) {
      peer.send(numbered(4));
      peer.send(loose('c'));
      await peer.isRead();
    }
    expect(shown.filter((data) => typeof data === 'number')).toEqual([1, 2, 3, 4]);
    expect(shown.filter((data) => typeof data === 'string')).toEqual(['a', 'b', 'c']);
    expect(first.isClosed).toBe(false);
    await clock.advance(5_000);
    expect(await first.closed()).toBe(1000);
    expect(second.isClosed).toBe(false);
    expect(events).toEqual([]);
  });

  it('sends requests on the new connection, and waits for answers on the old one', async () => {
    const { server, client, clock, first } = await nearTheEnd();
    const slow = client.request('slow', null, { timeoutMs: 60_000_000 });
    const { id } = await first.takes('event');
    await clock.advance(NINETY_PERCENT_MS);
    const second = await server.nextPeer();
    await second.takes('subscribe');
    await second.takes('subscribe');
    await second.isRead();
    await clock.advance(5_000);
    expect(first.isClosed).toBe(false);
    server.answers['event'] = () => ({ type: 'reply', data: 'quick' });
    await expect(client.request('quick')).resolves.toBe('quick');
    await second.takes('event');
    first.send({ type: 'reply', id, data: 'at last' });
    await expect(slow).resolves.toBe('at last');
    await clock.advance(5_000);
    await first.closed();
  });

  it('gives its own place up for itself when the channel is full', async () => {
    const { server, client, clock, first } = await nearTheEnd();
    let taken = true;
    server.answers['unsubscribe'] = ({ channel }) => {
      taken = false;
      return { type: 'unsubscribed', channel };
    };
    server.answers['subscribe'] = ({ channel }) =>
      taken && channel === 'loose'
        ? { type: 'error', code: 'channel-full', channel, message: 'Full.', retry: true }
        : {
            type: 'subscribed',
            channel,
            ...(channel === 'numbered' ? { recovered: true, epoch: 'e1', offset: 0 } : {}),
          };
    await clock.advance(NINETY_PERCENT_MS);
    const second = await server.nextPeer();
    expect(await first.takes('unsubscribe')).toMatchObject({ channel: 'loose' });
    for (const channel of ['numbered', 'loose', 'loose'])
      expect(await second.takes('subscribe')).toMatchObject({ channel });
    await second.isRead();
    await clock.advance(5_000);
    await first.closed();
    expect(client.subscribe('loose').status).toBe('subscribed');
  });

  it('is tried again when the new connection fails, and the old one goes on meanwhile', async () => {
    const { server, client, clock, first, shown, events } = await nearTheEnd();
    const hello = server.answers['hello']!;
    server.answers['hello'] = (_, peer) => {
      peer.socket.close(1013);
      return undefined;
    };
    await clock.advance(NINETY_PERCENT_MS);
    const second = await server.nextPeer();
    await second.closed();
    server.answers['hello'] = hello;
    await first.isRead();
    first.send(loose('still here'));
    await first.isRead();
    expect(shown).toEqual(['still here']);
    while (server.peers.length < 3) await clock.advance(500);
    const third = await server.nextPeer();
    await third.takes('subscribe');
    await third.takes('subscribe');
    await third.isRead();
    await clock.advance(5_000);
    await first.closed();
    expect(client.status).toBe('connected');
    expect(events).toEqual([]);
  });

  it('is over at once when the old connection ends first', async () => {
    const { server, client, clock, first, shown } = await nearTheEnd();
    await clock.advance(NINETY_PERCENT_MS);
    const second = await server.nextPeer();
    first.socket.close(1001);
    await second.takes('subscribe');
    await second.takes('subscribe');
    await second.isRead();
    await statusOf(client, 'connected');
    second.send(loose('x'));
    await second.isRead();
    expect(shown).toEqual(['x']);
    expect(server.peers).toHaveLength(2);
  });

  it('takes whispers and presence from one connection only', async () => {
    const { server, client, clock, first } = await nearTheEnd();
    const heard: unknown[] = [];
    client.subscribe('loose').onWhisper('typing', (data) => heard.push(data));
    await clock.advance(NINETY_PERCENT_MS);
    const second = await server.nextPeer();
    await second.takes('subscribe');
    await second.takes('subscribe');
    await second.isRead();
    for (const peer of [first, second]) {
      peer.send({ type: 'event', channel: 'loose', event: 'typing', data: 1, from: '42' });
      await peer.isRead();
    }
    expect(heard).toEqual([1]);
  });
});
