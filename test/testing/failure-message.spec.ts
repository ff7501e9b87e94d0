import { beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from '../../src/index.js';
import { websocketEvent, type WebSocketFake } from '../../src/testing/index.js';

let fake: WebSocketFake;

beforeEach(() => {
  fake = WebSocket.fake();
});

/** The message of the assertion that fails. */
function failureOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    expect(error).toMatchObject({ name: 'AssertionError' });
    return (error as Error).message;
  }
  throw new Error('The assertion passed.');
}

describe('what differs', () => {
  it.each<[string, object, string]>([
    ['a value', { text: 'Hullo' }, 'in text: expected "Hullo", was "Hello"'],
    ['a value inside', { lines: [{ sku: 'a' }, { sku: 'c' }] }, 'in lines[1].sku: expected "c", was "b"'],
    ['a shorter list', { lines: [{ sku: 'a' }] }, 'in lines: expected [{"sku":"a"}], was [{"sku":"a"},{"sku":"b"}]'],
    ['a missing key', { by: 'me' }, 'in by: expected "me", was undefined'],
    ['a regular expression', { text: /^Bye/ }, 'in text: expected "/^Bye/", was "Hello"'],
  ])('is shown with the message: %s', async (_, expected, line) => {
    await WebSocket.broadcast({ text: 'Hello', lines: [{ sku: 'a' }, { sku: 'b' }] });
    expect(failureOf(() => fake.assertBroadcast(expected))).toContain(`\n     differs ${line}`);
  });

  it('is shown of those messages only that the assertion is about, and not where one sees it', async () => {
    await WebSocket.sendToUser(1, { n: 1 });
    await WebSocket.sendToUser(2, { n: 2 });
    expect(failureOf(() => fake.assertSentToUser(1, { n: 3 })).match(/differs/g)).toHaveLength(1);
    fake.clear();
    await WebSocket.broadcast(5);
    expect(failureOf(() => fake.assertBroadcast(4))).not.toContain('differs');
  });

  it('is shown of long texts where they part', async () => {
    await WebSocket.broadcast({ text: `${'x'.repeat(5_000)} ends with A ${'y'.repeat(5_000)}` });
    const expected = { text: `${'x'.repeat(5_000)} ends with B ${'y'.repeat(5_000)}` };
    const message = failureOf(() => fake.assertBroadcast(expected));
    expect(message).toMatch(/differs in text: expected …x+ ends with B y.*, was …x+ ends with A y/);
    expect(message.length).toBeLessThan(1_200);
  });

  it('is nothing between a zero and one with a sign, which JSON does not have', async () => {
    await WebSocket.broadcast({ n: -0 });
    fake.assertBroadcast({ n: -0 });
    fake.assertBroadcast({ n: 0 });
  });
});

describe('a function that is not made for all messages', () => {
  beforeEach(async () => {
    await WebSocket.sendToUser(1, { type: 'joined' });
    await WebSocket.sendToUser(1, { type: 'said', text: 'Hello' });
  });

  const says =
    (text: string) =>
    (data: { text: string }): boolean =>
      data.text.startsWith(text);

  it('accepts those that it is made for', () => {
    fake.assertSentToUser(1, says('Hell'), 1);
    fake.assertSentToUser(1, { text: (text: string) => text.startsWith('Hell') }, 1);
  });

  it('is said to have thrown, beside what was sent', () => {
    const message = failureOf(() => fake.assertSentToUser(1, says('Bye')));
    expect(message).toMatch(/\{"type":"joined"\}\n {5}reached nobody\n {5}the function threw TypeError: .*startsWith/);
    expect(message).toContain('{"type":"said","text":"Hello"}');
    expect(message.match(/threw/g)).toHaveLength(1);
  });

  it('proves nothing where there should be no message', () => {
    expect(failureOf(() => fake.assertNotSent(says('Bye')))).toMatch(
      /^Expected no message that the function accepts, but it threw when it was asked about 1\.\n[^]*threw TypeError/,
    );
    expect(failureOf(() => fake.assertSentToUser(1, says('Bye'), 0))).toContain('threw TypeError');
    expect(failureOf(() => fake.assertNotSent(says('Hell')))).toContain('accepts, but 1 was sent.');
  });

  it('may be written with expectations, which are shown in one line and without colours', () => {
    const message = failureOf(() =>
      fake.assertSent((data: { text?: string }) => {
        expect(data.text).toBe('Bye');
        return true;
      }),
    );
    expect(message).toMatch(/the function threw \S*Error: expect\(received\)\.toBe\(expected\).*Received: "Hello"/);
  });

  it('is no yes when it returns a promise', () => {
    const later = (async () => false) as unknown as () => boolean;
    expect(failureOf(() => fake.assertSent(later))).toContain('The function returned a promise');
    expect(failureOf(() => fake.assertSent({ type: later }))).toContain('The function returned a promise');
    failureOf(() => fake.assertNotSent(later));
  });
});

describe('a failure', () => {
  it('shows what was expected though it has no JSON form', async () => {
    await WebSocket.broadcast({ a: 1 });
    const circle: Record<string, unknown> = { a: 1 };
    circle['self'] = circle;
    expect(failureOf(() => fake.assertSent(circle))).toContain('matches <ref *1> { a: 1, self: [Circular *1] }');
    expect(failureOf(() => fake.assertSent({ b: Symbol('s') }))).toContain('in b: expected Symbol(s), was undefined');
  });

  it('says the same for a count of none as its opposite', async () => {
    await WebSocket.broadcast({ a: 1 });
    fake.assertSent({ a: 2 }, 0);
    expect(failureOf(() => fake.assertSent({ a: 1 }, 0))).toBe(failureOf(() => fake.assertNotSent({ a: 1 })));
  });

  it('lists joins, leaves and closes of the connection and the channel before others', async () => {
    for (let n = 0; n < 30; n++) await WebSocket.joinChannel(`other-${n}`, 'elsewhere');
    for (const id of ['ada', 'eve']) await WebSocket.handle(websocketEvent.connect({ connectionId: id }));
    await WebSocket.joinChannel('ada', 'lobby');
    expect(failureOf(() => fake.assertJoined('ada', 'hall'))).toContain(
      'These were to join:\n  connection "ada", channel "lobby"\n',
    );
    for (let n = 0; n < 30; n++) await WebSocket.disconnect(`other-${n}`);
    await WebSocket.disconnect('ada', { code: 4001 });
    expect(failureOf(() => fake.assertDisconnected('ada', { code: 4002 }))).toContain(
      'These were disconnected:\n  connection "ada" with {"code":4001}\n  connection "other-0"\n',
    );
  });
});
