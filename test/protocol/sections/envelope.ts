import { expect, it } from '@jest/globals';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

/** What is not the protocol's, as text. */
const FOREIGN = [
  '{"action":"custom","n":1}',
  '{"n":1}',
  '{"action":7}',
  '{"action":"Subscribe","channel":"room.1"}',
  '{"action":["subscribe"],"channel":"room.1"}',
  '{"action":"constructor"}',
  '{"type":"subscribe","channel":"room.1"}',
  '[{"action":"ping"}]',
  '"ping"',
  '42',
  'null',
  'ping',
  '{"action":"ping"',
];

/** A valid request of each action, and the type of its answer. */
function everyRequest(channel: string): [string, object][] {
  return [
    ['welcome', { action: 'hello', protocol: 1 }],
    ['subscribed', { action: 'subscribe', channel }],
    ['published', { action: 'publish', channel, data: null }],
    ['reply', { action: 'event', event: 'rooms' }],
    ['pong', { action: 'ping' }],
    ['unsubscribed', { action: 'unsubscribe', channel }],
    ['error', { action: 'reply', data: 1 }],
  ];
}

/** Messages, and the ids of requests. */
export function envelope(visit: Visit): void {
  it('leaves a message with another action, or with none, to the application', async () => {
    const client = await visit.open();
    for (const text of FOREIGN) client.send(text);
    await client.untilTrue(() => client.others.length >= FOREIGN.length, 'what the application heard');
    await client.settle();
    const heard = client.others.map((message) => message['heard']);
    expect(heard.sort()).toEqual([...FOREIGN].sort());
    expect(client.messages.map(({ type }) => type)).toEqual(['pong']);
  });

  it('ignores fields that it does not know', async () => {
    const client = await visit.open();
    for (const [type, request] of everyRequest(fresh('room'))) {
      const answer = await client.ask({ ...request, extra: { deep: [1] }, type: 'welcome', '': null });
      expect(answer.type).toBe(type);
    }
  });

  it('answers a request with its id, whatever printable ASCII that is', async () => {
    const client = await visit.open();
    for (const id of ['1', ' ', '~', '"\\', '__proto__', 'x'.repeat(64)]) {
      for (const [type, request] of everyRequest(fresh('room'))) {
        const answer = await client.ask({ ...request, id: idFor(id, request) });
        expect(answer.type).toBe(type);
      }
    }
  });

  it('answers requests without ids without ids', async () => {
    const client = await visit.open();
    const channel = fresh('room');
    for (const message of [
      { action: 'hello', protocol: 1 },
      { action: 'subscribe', channel },
      { action: 'unsubscribe', channel },
      { action: 'ping' },
    ]) {
      const before = client.messages.length;
      client.send(message);
      await client.untilTrue(() => client.messages.length > before, `an answer to ${message.action}`);
    }
    expect(client.messages.map(({ type }) => type)).toEqual(['welcome', 'subscribed', 'unsubscribed', 'pong']);
    expect(client.messages.every((message) => !('id' in message))).toBe(true);
  });

  it('answers a publish or an event without an id only when it fails', async () => {
    const client = await visit.open();
    const channel = fresh('room');
    await client.subscribe(channel);
    client.send({ action: 'publish', channel, data: 1 });
    client.send({ action: 'event', event: 'rooms' });
    client.send({ action: 'publish', channel: fresh('room'), data: 1 });
    client.send({ action: 'event', event: 'nobody.listens' });
    await client.atLeast('error', 2);
    await client.atLeast('message', 1);
    await client.settle();
    const { messages } = client;
    expect(messages.map(({ type }) => type).sort()).toEqual(['error', 'error', 'message', 'pong', 'subscribed']);
    const errors = client.all('error');
    expect(errors.map(({ code }) => code).sort()).toEqual(['not-subscribed', 'unknown-event']);
    expect(errors.every((error) => !('id' in error))).toBe(true);
  });

  it('publishes once what a user sends again with the same id from another connection', async () => {
    const user = uniqueId();
    const channel = fresh('room');
    const [first, again] = [await visit.open(`user=${user}`), await visit.open(`user=${user}`)];
    await first.subscribe(channel);
    await again.subscribe(channel);
    const { messageId } = await first.publish(channel, 'once', { id: 'short' });
    const refused = await again.askFor('error', { action: 'publish', channel, data: 'once', id: 'short' });
    expect(refused).toMatchObject({ code: 'duplicate', messageId, retry: false });
    await again.settle();
    expect(again.dataOf(channel)).toEqual(['once']);
  });

  it('takes one of many equal requests that come at once', async () => {
    const user = uniqueId();
    const channel = fresh('room');
    const clients = await Promise.all(Array.from({ length: 6 }, () => visit.open(`user=${user}`)));
    for (const client of clients) await client.subscribe(channel);
    const answers = await Promise.all(
      clients.map((client) => client.ask({ action: 'publish', channel, data: 'once', id: 'at once' })),
    );
    const [published, ...others] = answers.sort((one, two) => two.type.localeCompare(one.type));
    expect(published?.type).toBe('published');
    expect(others.map((answer) => (answer.type === 'error' ? answer.code : answer.type))).toEqual(
      Array.from({ length: 5 }, () => 'duplicate'),
    );
    for (const client of clients) {
      await client.settle();
      expect(client.dataOf(channel)).toEqual(['once']);
    }
  });

  it('raises an event once that a user sends again', async () => {
    const user = uniqueId();
    const channel = fresh('room');
    const [witness, first, again] = [
      await visit.open(),
      await visit.open(`user=${user}`),
      await visit.open(`user=${user}`),
    ];
    await witness.subscribe(channel);
    const event = { action: 'event', event: 'count', data: { channel }, id: 'again' };
    expect(await first.codeOf(event)).toBe('reply');
    expect(await again.codeOf(event)).toBe('duplicate');
    expect(await first.codeOf(event)).toBe('duplicate');
    await witness.settle();
    expect(witness.dataOf(channel)).toHaveLength(1);
  });

  it('tells the requests of different users apart, whatever their ids', async () => {
    const channel = fresh('room');
    const clients = [await visit.open(`user=${uniqueId()}`), await visit.open(`user=${uniqueId()}`)];
    const id = uniqueId();
    for (const client of clients) {
      await client.subscribe(channel);
      await client.publish(channel, 'mine', { id });
      await client.publish(channel, 'mine', { id: 'short' });
    }
  });

  it('counts a short id of an anonymous client for its connection, and a long one everywhere', async () => {
    const channel = fresh('room');
    const [one, two] = await visit.subscribed(channel, 2);
    const [short, long] = ['x'.repeat(21), uniqueId().slice(0, 22)];
    const publish = { action: 'publish', channel, data: 1 };
    expect(await one!.codeOf({ ...publish, id: short })).toBe('published');
    expect(await one!.codeOf({ ...publish, id: short })).toBe('duplicate');
    expect(await two!.codeOf({ ...publish, id: short })).toBe('published');
    expect(await one!.codeOf({ ...publish, id: long })).toBe('published');
    expect(await two!.codeOf({ ...publish, id: long })).toBe('duplicate');
  });

  it('lets a client use an id again for what is no publish and no event', async () => {
    const client = await visit.open();
    const channel = fresh('room');
    for (let round = 0; round < 2; round++) {
      expect(await client.codeOf({ action: 'ping', id: 'same' })).toBe('pong');
      expect(await client.codeOf({ action: 'subscribe', channel, id: 'same' })).toBe('subscribed');
      expect(await client.codeOf({ action: 'unsubscribe', channel, id: 'same' })).toBe('unsubscribed');
    }
  });
}

/** Ids of events and messages count once: each gets another that begins alike. */
function idFor(id: string, request: object): string {
  const { action } = request as { action: string };
  return action === 'event' ? `e${id}`.slice(0, 64) : id;
}
