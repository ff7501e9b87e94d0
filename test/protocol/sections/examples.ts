import { expect, it } from '@jest/globals';
import { documentExamples, type Example } from '../document.js';
import type { ProtocolClient } from '../protocol.client.js';
import type { Visit } from '../protocol.home.js';

/** What the channels of the document are called in the application of the suite. */
const NAMES: Readonly<Record<string, string>> = {
  news: 'room.news',
  'private-board.7': 'private-silent.7',
  'private-board.8': 'private-board.8',
  'presence-room.1': 'presence-hall.documented',
  'room.1': 'room.documented',
  'room.2': 'log.documented',
};

/** What differs each time. */
const VARYING = new Set([
  'connectionId',
  'pingSeconds',
  'lifetimeSeconds',
  'maxMessageBytes',
  'messageId',
  'timestamp',
  'epoch',
  'message',
  'members',
  'memberCount',
  'messages',
  'offset',
]);

/** Blocks of the document that need nothing to have happened before: a request, and its answer below it. */
function exchanges(): [string, Example, Example][] {
  const examples = documentExamples();
  return examples.flatMap((request, index): [string, Example, Example][] => {
    const answer = examples[index + 1];
    const isExchange =
      request.isOfClient &&
      answer?.block === request.block &&
      !answer.isOfClient &&
      request.message['id'] !== undefined &&
      answer.message['id'] === request.message['id'] &&
      answer.message['recovered'] === undefined;
    return isExchange ? [[request.line.slice(0, 90), request, answer]] : [];
  });
}

function renamed(message: Example['message']): Record<string, unknown> {
  const { channel } = message;
  return { ...message, ...(typeof channel === 'string' && { channel: NAMES[channel] }) };
}

/** The same fields with the same values, where those do not differ each time. */
function comparable(message: object): object {
  const fields = Object.entries(message).filter(([field]) => field !== 'data' || !('connectionId' in message));
  return Object.fromEntries(
    fields.map(([field, value]) => [field, VARYING.has(field) ? 'varies' : (value as unknown)]),
  );
}

/** The blocks of the document, played. */
export function examples(visit: Visit): void {
  const hasNumbers = ({ channel }: Record<string, unknown>): boolean => channel === NAMES['room.2'];

  async function prepared(request: Record<string, unknown>): Promise<ProtocolClient> {
    const client = await visit.open();
    if (request['action'] === 'publish' || request['action'] === 'unsubscribe')
      await client.subscribe(String(request['channel']));
    if (!hasNumbers(request)) return client;
    const publisher = await visit.open();
    await publisher.subscribe(String(request['channel']));
    for (const data of ['one', 'two']) await publisher.publish(String(request['channel']), data);
    return client;
  }

  it.each(exchanges())('answers %s', async (_line, { message: request }, { message: answer }) => {
    const asked = renamed(request);
    const client = await prepared(asked);
    const { lifetimeSeconds, ...expected } = comparable(renamed(answer)) as Record<string, unknown>;
    const { lifetimeSeconds: actual, ...answered } = comparable(await client.ask(asked)) as Record<string, unknown>;
    expect(answered).toEqual(expected);
    expect([undefined, lifetimeSeconds]).toContain(actual);
  });

  it('are played, most of them', () => {
    expect(exchanges().length).toBeGreaterThanOrEqual(9);
  });
}
