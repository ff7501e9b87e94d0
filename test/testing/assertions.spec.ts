import { AssertionError } from 'node:assert';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket, type WebSocketManager } from '../../src/index.js';
import { websocketEvent, type WebSocketFake } from '../../src/testing/index.js';

let fake: WebSocketFake;
let manager: WebSocketManager;

beforeEach(async () => {
  fake = WebSocket.fake();
  ({ manager } = fake);
  for (const [connectionId, userId] of [
    ['phone', 42],
    ['laptop', 42],
    ['other', 7],
  ] as const) {
    await manager.handle(websocketEvent.connect({ connectionId, userId }));
  }
  await manager.joinChannel('phone', 'news');
  fake.clear();
});

/** The message of the assertion that fails. */
function failureOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    expect(error).toBeInstanceOf(AssertionError);
    expect(error).toMatchObject({ name: 'AssertionError', code: 'ERR_ASSERTION' });
    return (error as Error).message;
  }
  throw new Error('The assertion passed.');
}

describe('assertSent', () => {
  it('passes when a message matches, and says what was sent when none does', async () => {
    await manager.sendToConnection('phone', { type: 'ping' });
    fake.assertSent();
    fake.assertSent({ type: 'ping' });
    expect(failureOf(() => fake.assertSent({ type: 'pong' }))).toBe(
      'Expected a message that matches {"type":"pong"}, but none was sent.\n' +
        'This was sent:\n' +
        '  1. sendToConnection to connection "phone": {"type":"ping"}\n' +
        '     reached "phone"\n' +
        '     differs in type: expected "pong", was "ping"',
    );
  });

  it('says that nothing was sent', () => {
    expect(failureOf(() => fake.assertSent())).toBe('Expected a message, but none was sent.\nNothing was sent.');
  });

  it('counts exactly where it is told a number', async () => {
    await manager.broadcast({ n: 1 });
    await manager.broadcast({ n: 2 });
    fake.assertSent(undefined, 2);
    fake.assertSent({ n: 1 }, 1);
    fake.assertSent({ n: 3 }, 0);
    expect(failureOf(() => fake.assertSent(undefined, 1))).toContain('Expected exactly one message, but 2 were sent.');
    expect(failureOf(() => fake.assertSent({ n: 1 }, 2))).toContain(
      'Expected 2 messages that match {"n":1}, but 1 was sent.',
    );
  });
});

describe('what is expected of the data', () => {
  it.each([
    ['a part of an object, at any depth', { order: { id: 7 } }],
    ['a whole list', { tags: ['a', 'b'] }],
    ['a list of parts', { lines: [{ sku: 'x' }] }],
    ['a regular expression', { text: /^Hello/ }],
    ['a matcher of the test runner', { order: { id: expect.any(Number) } }],
    ['a matcher of the test runner in the place of all', expect.objectContaining({ text: 'Hello, you' })],
    ['what JSON makes of a value', { at: new Date(0), missing: undefined }],
    ['a function', ({ text }: { text: string }) => text.length === 10],
    ['a function inside', { text: (text: string) => text.length === 10 }],
  ])('may be %s', async (_, expected) => {
    const order = { id: 7, state: 'paid' };
    const lines = [{ sku: 'x', count: 2 }];
    await manager.broadcast({ text: 'Hello, you', order, tags: ['a', 'b'], lines, at: new Date(0) });
    fake.assertBroadcast(expected);
  });

  it.each([
    ['a longer list', { tags: ['a', 'b', 'c'] }],
    ['a shorter list', { tags: ['a'] }],
    ['another order', { tags: ['b', 'a'] }],
    ['an object for a list', { tags: { 0: 'a', 1: 'b' } }],
    ['a key that is not there', { missing: null }],
    ['a name that every object inherits', { toString: expect.any(Function) }],
    ['another type', { n: '1' }],
    ['a text for an object', 'tags'],
    ['a function that says no', () => false],
  ])('tells apart %s', async (_, expected) => {
    await manager.broadcast({ tags: ['a', 'b'], n: 1 });
    fake.assertNotBroadcast(expected);
    failureOf(() => fake.assertBroadcast(expected));
  });

  it('may be a text, a number or null', async () => {
    for (const data of ['text', 5, null]) await manager.broadcast(data);
    for (const data of ['text', 5, null]) fake.assertBroadcast(data, 1);
  });

  it('is text where bytes were sent that are no JSON, and parsed where they are', async () => {
    await manager.broadcast(new TextEncoder().encode('plain'));
    await manager.broadcast(new TextEncoder().encode('{"a":1}'));
    fake.assertBroadcast('plain');
    fake.assertBroadcast({ a: 1 });
  });

  it('is what it was when it was sent, whatever the caller made of it later', async () => {
    const data = { n: 1 };
    const sending = manager.broadcast(data);
    data.n = 2;
    await sending;
    fake.assertBroadcast({ n: 1 });
  });

  it('gives a function the message, too', async () => {
    await manager.publish('news', 'x', { event: 'headline' });
    fake.assertPublished('news', (_: string, { event }) => event === 'headline');
  });
});

describe('assertSentTo', () => {
  it('passes for whatever reached the connection, and for what named it', async () => {
    const sends = [
      () => manager.sendToConnection('phone', 0),
      () => manager.sendToConnections(['phone', 'other'], 0),
      () => manager.sendToUser(42, 0),
      () => manager.sendToUsers([7, 42], 0),
      () => manager.sendToChannel('news', 0),
      () => manager.broadcast(0),
      () => manager.to('news').send(0),
      () => manager.toUser(42).except('laptop').send(0),
      () => manager.publish('news', 0),
    ];
    for (const send of sends) {
      fake.clear();
      await send();
      fake.assertSentTo('phone', 0, 1);
    }
    await manager.sendToConnection('nobody', 'hello');
    fake.assertSentTo('nobody', 'hello');
  });

  it('fails with what was sent to others, and with those that it did not reach', async () => {
    await manager.sendToConnections(['other', 'nobody'], { n: 1 });
    fake.assertNotSentTo('phone');
    expect(failureOf(() => fake.assertSentTo('phone'))).toBe(
      'Expected a message to connection "phone", but none was sent.\n' +
        'This was sent:\n' +
        '  1. sendToConnections to connections "other", "nobody": {"n":1}\n' +
        '     reached "other"; not "nobody" (of whom no $connect was handled)',
    );
    expect(failureOf(() => fake.assertNotSentTo('other', { n: 1 }))).toContain(
      'Expected no message to connection "other" that matches {"n":1}, but 1 was sent.',
    );
  });

  it('lists what was sent to the connection before what was sent to others', async () => {
    await manager.sendToConnection('other', 1);
    await manager.sendToConnection('phone', 2);
    expect(failureOf(() => fake.assertSentTo('phone', 3))).toMatch(
      /sent:\n {2}2\. .*"phone": 2[\s\S]*\n {2}1\. .*"other": 1/,
    );
  });
});

describe('assertSentToUser', () => {
  it('passes for what named the user, as a number or a text, and for nothing else that reached the user', async () => {
    await manager.sendToUser(42, 1);
    await manager.sendToUsers(['7', '42'], 2);
    await manager.to('news').toUser('42').send(3);
    await manager.sendToConnection('phone', 4);
    fake.assertSentToUser('42', undefined, 3);
    fake.assertSentToUser(42, 1);
    fake.assertSentToUser(7, undefined, 1);
    fake.assertNotSentToUser(42, 4);
    expect(failureOf(() => fake.assertSentToUser(42, 4))).toContain(
      'Expected a message to user 42 that matches 4, but none was sent.',
    );
    expect(failureOf(() => fake.assertSentToUser(42, 5))).toContain('  3. send to user "42" and channel "news": 3');
    expect(failureOf(() => fake.assertNotSentToUser(7))).toContain('Expected no message to user 7, but 1 was sent.');
  });

  it('counts what was sent to a user who is not there', async () => {
    expect(await manager.sendToUser('ghost', 1)).toEqual({});
    fake.assertSentToUser('ghost', 1);
  });
});

describe('assertSentToChannel and assertPublished', () => {
  it('tell what was published from what was sent', async () => {
    await manager.sendToChannel('news', { n: 1 });
    await manager.publish('news', { n: 2 }, { event: 'headline' });
    fake.assertSentToChannel('news', undefined, 2);
    fake.assertPublished('news', { n: 2 }, 1);
    fake.assertNotPublished('news', { n: 1 });
    fake.assertNotPublished('sport');
    fake.assertNotSentToChannel('sport');
    expect(failureOf(() => fake.assertPublished('sport'))).toContain(
      '  2. publish "headline" to channel "news": {"n":2}\n     reached "phone"',
    );
    expect(failureOf(() => fake.assertNotPublished('news'))).toContain(
      'Expected no message published to channel "news", but 1 was sent.',
    );
    expect(failureOf(() => fake.assertNotSentToChannel('news'))).toContain('but 2 were sent.');
  });
});

describe('assertBroadcast', () => {
  it('passes for what was sent to everyone, exceptions or not', async () => {
    await manager.broadcast(1);
    await manager.except('phone').send(2);
    await manager.to().send(3);
    await manager.to('news').send(4);
    fake.assertBroadcast(1);
    fake.assertBroadcast(2);
    fake.assertNotSentTo('phone', 2);
    expect(failureOf(() => fake.assertBroadcast(3))).toContain('send to everyone, without connection "phone": 2');
    fake.assertNotBroadcast(4);
    expect(failureOf(() => fake.assertNotBroadcast())).toContain('Expected no message to everyone, but 2 were sent.');
  });
});

describe('assertNothingSent', () => {
  it('passes until something is sent', async () => {
    fake.assertNothingSent();
    fake.assertNotSent({ n: 1 });
    await manager.sendToChannel('empty', { n: 1 });
    expect(failureOf(() => fake.assertNothingSent())).toBe(
      'Expected no message, but 1 was sent.\nThis was sent:\n  1. sendToChannel to channel "empty": {"n":1}\n     reached nobody',
    );
    expect(failureOf(() => fake.assertNotSent({ n: 1 }))).toContain('Expected no message that matches {"n":1}');
  });
});

describe('the assertions about channels', () => {
  it('tell who was to join and to leave', async () => {
    await manager.joinChannel('other', 'news');
    await manager.leaveChannel('phone', 'news');
    await manager.joinChannel('nobody', 'news');
    fake.assertJoined('other', 'news');
    fake.assertJoined('other', 'news', 1);
    fake.assertJoined('nobody', 'news');
    fake.assertLeft('phone', 'news');
    fake.assertNotJoined('other', 'sport');
    fake.assertNotLeft('other', 'news');
    expect(failureOf(() => fake.assertJoined('other', 'sport'))).toBe(
      'Expected connection "other" to join channel "sport", but it did not.\n' +
        'These were to join:\n' +
        '  connection "other", channel "news"\n' +
        '  connection "nobody", channel "news" (no $connect of this connection was handled)',
    );
    expect(failureOf(() => fake.assertJoined('other', 'news', 2))).toContain(
      'join channel "news" 2 times, but it did once.',
    );
    expect(failureOf(() => fake.assertNotJoined('other', 'news'))).toContain(
      'join channel "news" never, but it did once.',
    );
    expect(failureOf(() => fake.assertLeft('other', 'news'))).toContain('to leave channel "news", but it did not.');
    expect(failureOf(() => fake.assertNotLeft('phone', 'news'))).toContain('to leave channel "news" never');
  });

  it('say that nobody was to join or leave', () => {
    expect(failureOf(() => fake.assertJoined('phone', 'news'))).toContain('No connection was to join a channel.');
    expect(failureOf(() => fake.assertLeft('phone', 'news'))).toContain('No connection was to leave a channel.');
  });
});

describe('assertDisconnected', () => {
  it('passes for what the server closed, with the code and the reason if they are given', async () => {
    expect(failureOf(() => fake.assertDisconnected('phone'))).toBe(
      'Expected connection "phone" to be disconnected, but it was not.\nNo connection was disconnected.',
    );
    await manager.disconnect('other', { code: 4001, reason: 'banned' });
    await manager.disconnectUser(42);
    fake.assertDisconnected('other');
    fake.assertDisconnected('other', { code: 4001, reason: 'banned' });
    fake.assertDisconnected('phone');
    fake.assertDisconnected('laptop');
    fake.assertNotDisconnected('nobody');
    expect(failureOf(() => fake.assertDisconnected('other', { code: 4002 }))).toContain(
      'Expected connection "other" to be disconnected with {"code":4002}, but it was not.\nThese were disconnected:\n' +
        '  connection "other" with {"code":4001,"reason":"banned"}',
    );
    expect(failureOf(() => fake.assertNotDisconnected('other'))).toContain('not to be disconnected, but it was.');
  });

  it('fails for a client that went by itself', async () => {
    await manager.handle(websocketEvent.disconnect('phone'));
    fake.assertNotDisconnected('phone');
  });
});

describe('a failure', () => {
  it('stays short, however much was sent to however many', async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => `connection-${index}`);
    for (let round = 0; round < 50; round++) await manager.sendToConnections(ids, { text: 'x'.repeat(10_000) });
    const message = failureOf(() => fake.assertSent({ text: 'y'.repeat(10_000) }));
    expect(message.length).toBeLessThan(20_000);
    expect(message).toContain('These 50 messages were sent:');
    expect(message).toContain('… and 30 more');
    expect(message).toContain('"connection-7" and 992 more');
    expect(message).toContain('(10011 characters)');
  });

  it('shows functions, matchers and regular expressions of what was expected', () => {
    expect(failureOf(() => fake.assertSent(() => true))).toContain('a message that the function accepts, but');
    expect(failureOf(() => fake.assertSent({ a: /b+/, c: expect.any(String), d: () => true }))).toContain(
      'matches {"a":"/b+/","c":"Any<String>","d":"[function]"}, but',
    );
  });

  it('begins its stack where the test asserts', () => {
    let stack = '';
    try {
      fake.assertSent();
    } catch (error) {
      ({ stack = '' } = error as Error);
    }
    expect(stack.split('\n').find((line) => line.includes(' at '))).toContain('assertions.spec');
  });
});
