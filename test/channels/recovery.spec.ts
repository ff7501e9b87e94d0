import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, type GatewayApp } from '../support/gateway-app.js';
import { ManualClock } from '../support/manual.clock.js';
import { channelApp } from './channel.app.js';
import { Person, type Got } from './channel.person.js';

afterEach(closeGatewayApps);

const dataOf = (reply: Got): unknown[] => (reply['messages'] as Got[]).map(({ data }) => data);

async function say(app: GatewayApp, count: number, from = 1): Promise<void> {
  for (let number = from; number < from + count; number++) await app.manager.publish('room', number);
}

describe('a newcomer to a channel with history', () => {
  it('gets the last message, or as many as it asks for', async () => {
    const app = await channelApp({ room: { persistent: true } }).start();
    const ada = await Person.connect(app);
    const empty = await ada.subscribe('room', { id: 'e' });
    expect(empty).toEqual({ type: 'subscribed', id: 'e', channel: 'room', messages: [] });
    await say(app, 5);
    await ada.ask({ action: 'ping' });
    const live = ada.got.filter(({ type }) => type === 'message');
    const reply = await ada.subscribe('room');
    // What is recovered is what was sent.
    expect(reply).toEqual({
      ...empty,
      id: reply['id'],
      epoch: expect.any(String),
      offset: 5,
      messages: live.slice(-1),
    });
    expect(await ada.subscribe('room', { history: 0 })).toMatchObject({
      epoch: reply['epoch'],
      offset: 5,
      messages: [],
    });
    expect(dataOf(await ada.subscribe('room', { history: 3 }))).toEqual([3, 4, 5]);
    expect(dataOf(await ada.subscribe('room', { history: 100 }))).toEqual([1, 2, 3, 4, 5]);
    expect((await app.manager.getHistory('room', 2)).map(({ data, offset }) => [data, offset])).toEqual([
      [4, 4],
      [5, 5],
    ]);
  });

  it('gets nothing that is too old, or over the bound', async () => {
    const clock = new ManualClock();
    const app = await channelApp({ room: { persistent: { maxMessages: 3, maxAgeSeconds: 10 } } }, { clock }).start();
    const ada = await Person.connect(app);
    await say(app, 5);
    expect(dataOf(await ada.subscribe('room', { history: 100 }))).toEqual([3, 4, 5]);
    await clock.advance(10_001);
    expect(dataOf(await ada.subscribe('room', { history: 100 }))).toEqual([]);
  });

  it('gets nothing of a channel without history, and no numbers', async () => {
    const app = await channelApp({ room: {} }).start();
    const ada = await Person.connect(app);
    await say(app, 1);
    expect(await ada.subscribe('room', { id: 's', history: 5, recover: { epoch: 'e', offset: 1 } })).toEqual({
      type: 'subscribed',
      id: 's',
      channel: 'room',
    });
    expect(await app.manager.getHistory('room')).toEqual([]);
  });
});

describe('a client that comes back', () => {
  it('gets all that it missed', async () => {
    const app = await channelApp({ room: { persistent: true } }).start();
    const ada = await Person.connect(app);
    await say(app, 2);
    const { epoch } = await ada.subscribe('room');
    await ada.close();
    await say(app, 3, 3);
    const again = await Person.connect(app);
    const reply = await again.subscribe('room', { recover: { epoch, offset: 2 } });
    expect(reply).toMatchObject({ recovered: true, epoch, offset: 5 });
    expect(dataOf(reply)).toEqual([3, 4, 5]);
    expect(await again.subscribe('room', { recover: { epoch, offset: 5 } })).toMatchObject({
      recovered: true,
      offset: 5,
      messages: [],
    });
  });

  it('gets everything from the first message on when it was there before that', async () => {
    const app = await channelApp(
      { room: { persistent: { maxMessages: 300 } } },
      { channels: { maxRecovered: 300 } },
    ).start();
    const ada = await Person.connect(app);
    expect(await ada.subscribe('room', { id: 's', recover: { offset: 0 } })).toEqual({
      type: 'subscribed',
      id: 's',
      channel: 'room',
      recovered: true,
      messages: [],
    });
    await ada.close();
    await say(app, 250);
    const again = await Person.connect(app);
    const reply = await again.subscribe('room', { recover: { offset: 0 } });
    expect(reply).toMatchObject({ recovered: true, offset: 250 });
    const parts = again.got.filter(({ type }) => type === 'part');
    expect([...parts, reply].flatMap(dataOf)).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    await say(app, 51, 251);
    expect(await again.subscribe('room', { recover: { offset: 0 } })).toMatchObject({ recovered: false, offset: 301 });
  });

  it('is told when some of it is not there any more, when it is too much, and when the numbering is another', async () => {
    const app = await channelApp(
      { room: { persistent: { maxMessages: 6 } } },
      { channels: { maxRecovered: 4 } },
    ).start();
    const ada = await Person.connect(app);
    await say(app, 10);
    const { epoch } = await ada.subscribe('room');
    for (const [recover, recovered] of [
      [{ epoch, offset: 6 }, true],
      [{ epoch, offset: 5 }, false],
      [{ epoch, offset: 1 }, false],
      [{ epoch, offset: 11 }, false],
      [{ epoch: 'another', offset: 9 }, false],
    ] as const) {
      const reply = await ada.subscribe('room', { recover });
      expect([recover, reply]).toEqual([recover, expect.objectContaining({ recovered, epoch, offset: 10 })]);
      expect([recover, dataOf(reply)]).toEqual([recover, recovered ? [7, 8, 9, 10] : [10]]);
    }
    expect(dataOf(await ada.subscribe('room', { recover: { epoch, offset: 1 }, history: 2 }))).toEqual([9, 10]);
  });

  it('gets in parts what does not fit into one message, in order', async () => {
    const app = await channelApp({ room: { persistent: true } }, { maxPayloadBytes: 8_000 }).start();
    const ada = await Person.connect(app);
    await ada.subscribe('room');
    const data = Array.from({ length: 40 }, (_, index) => `${index} ${'é'.repeat(600)}`);
    for (const item of data) await app.manager.publish('room', item);
    const from = ada.got.length;
    const reply = await ada.subscribe('room', { history: 100 });
    const parts = ada.got.slice(from).filter(({ type }) => type === 'part');
    expect(parts.length).toBeGreaterThan(3);
    expect(new Set(parts.map(({ id }) => id))).toEqual(new Set([reply['id']]));
    expect([...parts, reply].flatMap(dataOf)).toEqual(data);
    for (const text of ada.client.messages.all) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8_000);
  });

  it('gets all of it, however much more that is than may wait for it at once', async () => {
    const app = await channelApp({ room: { persistent: true } }, { channels: { requestsPerSecond: 1_000 } }).start();
    const ada = await Person.connect(app);
    await app.manager.publish('room', 'first');
    const { epoch } = await ada.subscribe('room');
    await ada.ask({ action: 'unsubscribe', channel: 'room' });
    const data = Array.from({ length: 90 }, (_, index) => `${index} ${'x'.repeat(100_000)}`);
    for (const item of data) await app.manager.publish('room', item);
    const from = ada.got.length;
    const reply = await ada.subscribe('room', { recover: { epoch, offset: 1 } });
    expect(reply).toMatchObject({ recovered: true, offset: 91 });
    const parts = ada.got.slice(from).filter(({ type }) => type === 'part');
    expect([...parts, reply].flatMap(dataOf)).toEqual(data);
  });

  it('misses nothing between its history and what is published meanwhile', async () => {
    const app = await channelApp({ room: { persistent: { maxMessages: 1_000 } } }).start();
    const publishing = say(app, 200);
    const people = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const person = await Person.connect(app);
        return { person, reply: await person.subscribe('room', { history: 100 }) };
      }),
    );
    await publishing;
    for (const { person, reply } of people) {
      await person.ask({ action: 'ping' });
      const first = dataOf(reply)[0] as number | undefined;
      const live = person.got.filter(({ type }) => type === 'message').map(({ data }) => data as number);
      const seen = new Set([...(dataOf(reply) as number[]), ...live]);
      const expected = Array.from({ length: 201 - (first ?? 1) }, (_, index) => (first ?? 1) + index);
      expect([...seen].toSorted((a, b) => a - b)).toEqual(expected);
    }
  });
});
