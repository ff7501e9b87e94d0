import { expect, it } from '@jest/globals';
import { Facts } from '../application.facts.js';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

/** Whispers, and requests to the application: `event` and `reply`. */
export function events(visit: Visit): void {
  it('whispers to the other members of a channel, in the name of the one who does', async () => {
    const channel = fresh('presence-hall');
    const user = uniqueId();
    const client = await visit.open(`user=${user}`);
    await client.subscribe(channel);
    const others = await visit.subscribed(channel, 2);
    client.send({ action: 'event', channel, event: 'typing', data: { on: true }, from: 'somebody else' });
    for (const other of others) {
      const [whisper] = await other.atLeast('event', 1);
      expect(whisper).toEqual({ type: 'event', channel, event: 'typing', data: { on: true }, from: user });
    }
    await client.settle();
    expect(client.all('event')).toEqual([]);
    expect(client.all('error')).toEqual([]);
  });

  it('whispers without data', async () => {
    const channel = fresh('presence-hall');
    const [client, other] = await visit.subscribed(channel, 2);
    client!.send({ action: 'event', channel, event: 'waved' });
    const [whisper] = await other!.atLeast('event', 1);
    expect(whisper).toEqual({ type: 'event', channel, event: 'waved', from: expect.any(String) });
  });

  it('never stores whispers', async () => {
    const channel = fresh('presence-log');
    const [client, other] = await visit.subscribed(channel, 2);
    await client!.publish(channel, 'stored');
    client!.send({ action: 'event', channel, event: 'typing' });
    await other!.atLeast('event', 1);
    const late = await visit.open();
    const { messages, offset } = await late.subscribe(channel, { history: 100 });
    expect(messages?.map(({ data }) => data)).toEqual(['stored']);
    expect(offset).toBe(1);
  });

  it.each([
    ['a public channel', 'room'],
    ['a channel whose rule says so', 'private-silent'],
  ])('forbids whispers in %s', async (_which, prefix) => {
    const channel = fresh(prefix);
    const [client, other] = await visit.subscribed(channel, 2);
    const refused = await client!.askFor('error', { action: 'event', channel, event: 'typing' });
    expect(refused).toMatchObject({ action: 'event', channel, code: 'forbidden' });
    await other!.settle();
    expect(other!.all('event')).toEqual([]);
  });

  it('lets whisper in a public channel whose rule says so', async () => {
    const channel = fresh('loud');
    const [client, other] = await visit.subscribed(channel, 2);
    client!.send({ action: 'event', channel, event: 'typing' });
    await other!.atLeast('event', 1);
  });

  it('takes whispers of those who are subscribed', async () => {
    const channel = fresh('presence-hall');
    const [other] = await visit.subscribed(channel, 1);
    const client = await visit.open();
    for (const name of [channel, fresh('presence-hall'), fresh('presence-unheard')]) {
      const refused = await client.askFor('error', { action: 'event', channel: name, event: 'typing' });
      expect(refused).toMatchObject({ action: 'event', channel: name, code: 'not-subscribed' });
    }
    await other!.settle();
    expect(other!.all('event')).toEqual([]);
  });

  it('replies with what a listener of the application returned', async () => {
    const client = await visit.open();
    const request = { action: 'event', id: '7', event: 'rooms', data: { page: 1 } };
    expect(await client.ask(request)).toEqual({ type: 'reply', id: '7', data: Facts.rooms });
  });

  it('brings the data of a request to its listener', async () => {
    const client = await visit.open();
    for (const data of [{ deep: [1, 'ü'] }, [], 'text', 7, false, null])
      expect(await client.request('echo', data)).toEqual({ message: data });
  });

  it('replies without data when the listener returned nothing', async () => {
    const client = await visit.open();
    expect(await client.ask({ action: 'event', id: '8', event: 'nothing' })).toEqual({ type: 'reply', id: '8' });
  });

  it('tells that the listener failed, and not why', async () => {
    const client = await visit.open();
    const request = { action: 'event', event: 'broken', id: 'broken' };
    const refused = await client.askFor('error', request);
    expect(refused).toMatchObject({ action: 'event', code: 'internal', retry: true });
    expect(JSON.stringify(refused)).not.toContain('The listener failed');
    // Who is told to try again can.
    expect(await client.codeOf(request)).toBe('internal');
  });

  it.each([
    'nobody.listens',
    'toString',
    '__proto__',
    '*',
    '**',
    'ro*',
    '$connect',
    'connected',
    'disconnected',
    'ready',
    'channel.joined',
    'channel.left',
    'channel.message',
    'presence.joined',
    'presence.left',
    'delivery.completed',
    '🎉',
  ])('knows no event %s', async (event) => {
    const client = await visit.open();
    const refused = await client.askFor('error', { action: 'event', event, data: {} });
    expect(refused).toMatchObject({ action: 'event', code: 'unknown-event', retry: false });
    await client.settle();
    expect(client.others).toEqual([]);
  });
}
