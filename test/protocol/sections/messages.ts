import { expect, it } from '@jest/globals';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

/** `publish` and `message`. */
export function messages(visit: Visit): void {
  it('sends a message to all who are subscribed, its publisher too', async () => {
    const channel = fresh('room');
    const clients = await visit.subscribed(channel, 4);
    const from = Date.now();
    const data = { text: 'Hello', list: [1, null, 'ü 🎉'] };
    const published = await clients[0]!.publish(channel, data, { id: '6', event: 'said' });
    expect(published).toEqual({ type: 'published', id: '6', channel, messageId: expect.any(String) });
    for (const client of clients) {
      const [message] = await client.atLeast('message', 1);
      expect(message).toEqual({
        type: 'message',
        channel,
        event: 'said',
        data,
        id: published.messageId,
        timestamp: expect.any(Number),
      });
      expect(Math.abs(message!.timestamp - from)).toBeLessThan(60_000);
    }
  });

  it.each([[null], [false], [0], [''], [[]], [{}], ['text'], [{ type: 'error' }]])(
    'carries %j as it is',
    async (data) => {
      const channel = fresh('room');
      const [client] = await visit.subscribed(channel, 1);
      await client!.publish(channel, data);
      const [message] = await client!.atLeast('message', 1);
      expect(message!.data).toEqual(data);
      expect(message).not.toHaveProperty('event');
    },
  );

  it('gives every message an id of its own', async () => {
    const channel = fresh('room');
    const [one, two] = await visit.subscribed(channel, 2);
    const published = await Promise.all(
      Array.from({ length: 20 }, (_, index) => [one!, two!][index % 2]!.publish(channel, index)),
    );
    await one!.atLeast('message', 20);
    const ids = one!.all('message').map(({ id }) => id);
    expect(new Set(ids).size).toBe(20);
    expect([...ids].sort()).toEqual(published.map(({ messageId }) => messageId).sort());
  });

  it('looks the same when the application publishes', async () => {
    const channel = fresh('room');
    const [client] = await visit.subscribed(channel, 1);
    await client!.request('tell', { channel, data: { of: 'the application' }, event: 'told' });
    const [message] = await client!.atLeast('message', 1);
    expect(message).toEqual({
      type: 'message',
      channel,
      event: 'told',
      data: { of: 'the application' },
      id: expect.any(String),
      timestamp: expect.any(Number),
    });
  });

  it('names the member who published in a presence channel, and in no other', async () => {
    const [hall, room] = [fresh('presence-hall'), fresh('room')];
    const user = uniqueId();
    const [client, anonymous] = [await visit.open(`user=${user}`), await visit.open()];
    const { connectionId } = await anonymous.askFor('welcome', { action: 'hello', protocol: 1 });
    for (const sender of [client, anonymous]) {
      await sender.subscribe(hall);
      await sender.subscribe(room);
      await sender.publish(room, 'to the room');
    }
    for (const sender of [client, anonymous]) await sender.publish(hall, 'to the hall');
    await anonymous.settle();
    const all = anonymous.all('message');
    const fromWhom = all.filter(({ channel }) => channel === hall).map(({ from }) => from);
    expect(fromWhom.sort()).toEqual([connectionId, user].sort());
    expect(all.filter(({ channel }) => channel === room).some((message) => 'from' in message)).toBe(false);
  });

  it('takes nothing from the client that the server says', async () => {
    const channel = fresh('presence-hall');
    const user = uniqueId();
    const client = await visit.open(`user=${user}`);
    await client.subscribe(channel);
    const forged = {
      from: 'somebody',
      timestamp: 1,
      messageId: 'mine',
      offset: 7,
      epoch: 'e',
      member: { id: 'x' },
      type: 'x',
    };
    const { messageId } = await client.publish(channel, 'said', forged);
    const [message] = await client.atLeast('message', 1);
    expect(message).toEqual({
      type: 'message',
      channel,
      data: 'said',
      id: messageId,
      timestamp: expect.any(Number),
      from: user,
    });
    expect(messageId).not.toBe('mine');
    expect(message!.timestamp).not.toBe(1);
  });

  it('takes messages of those who are subscribed', async () => {
    const client = await visit.open();
    for (const channel of [fresh('room'), fresh('private-board'), fresh('unheard')]) {
      const refused = await client.askFor('error', { action: 'publish', channel, data: 1 });
      expect(refused).toMatchObject({ code: 'not-subscribed', action: 'publish', channel, retry: false });
    }
  });

  it('forbids to publish to a channel that clients may only listen to', async () => {
    const channel = fresh('news');
    const [client] = await visit.subscribed(channel, 1);
    const refused = await client!.askFor('error', { action: 'publish', channel, data: 1 });
    expect(refused).toMatchObject({ code: 'forbidden', action: 'publish', channel, retry: false });
    await client!.request('tell', { channel, data: 'of the application' });
    await client!.settle();
    expect(client!.dataOf(channel)).toEqual(['of the application']);
  });

  it('asks the rule about each message', async () => {
    const channel = fresh('picky');
    const [client] = await visit.subscribed(channel, 1);
    const publish = { action: 'publish', channel, data: 1 };
    expect(await client!.codeOf(publish)).toBe('forbidden');
    expect(await client!.codeOf({ ...publish, event: 'allowed' })).toBe('published');
    expect(await client!.codeOf({ ...publish, event: 'other' })).toBe('forbidden');
  });

  it('asks again with each message whether its publisher may still be there', async () => {
    const channel = fresh('presence-hall');
    const [client, witness] = await visit.subscribed(channel, 2);
    await client!.publish(channel, 'before');
    await client!.request('ban');
    expect(await client!.codeOf({ action: 'publish', channel, data: 'after' })).toBe('forbidden');
    expect(await client!.codeOf({ action: 'event', channel, event: 'after' })).toBe('forbidden');
    await witness!.settle();
    expect(witness!.dataOf(channel)).toEqual(['before']);
    expect(witness!.all('event')).toEqual([]);
  });

  it('calls the listeners of the channel with what was published', async () => {
    const channel = fresh('heard');
    const user = uniqueId();
    const client = await visit.open(`user=${user}`);
    await client.subscribe(channel);
    await client.publish(channel, { n: 1 }, { event: 'said' });
    await client.untilTrue(() => client.others.length > 0, 'what the listener heard');
    const name = channel.slice('heard.'.length);
    expect(client.others).toEqual([{ listener: 'heard', channel, name, event: 'said', data: { n: 1 }, userId: user }]);
  });

  it('publishes whether or not a listener of the channel fails', async () => {
    const channel = fresh('feared');
    const [client] = await visit.subscribed(channel, 1);
    await client!.publish(channel, 'all the same');
    await client!.settle();
    expect(client!.dataOf(channel)).toEqual(['all the same']);
  });
}
