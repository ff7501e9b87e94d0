import { expect, it } from '@jest/globals';
import type { ProtocolClient } from '../protocol.client.js';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

interface Answered {
  readonly responses: Readonly<Record<string, unknown>>;
  readonly missing: readonly string[];
}

/** Questions of the server, and their answers: `request` and `reply`. */
export function questions(visit: Visit): void {
  async function idOf(client: ProtocolClient): Promise<string> {
    return (await client.askFor('welcome', { action: 'hello', protocol: 1 })).connectionId;
  }

  function asked(by: ProtocolClient, channel: string, timeoutMs: number): Promise<Answered> {
    const question = { question: 'Still there?' };
    return by.request('ask', { channel, question, timeoutMs }) as Promise<Answered>;
  }

  it('brings the answers of clients to the application', async () => {
    const channel = fresh('room');
    const clients = await visit.subscribed(channel, 3);
    const answering = asked(await visit.open(), channel, 6_000);
    const expected: Record<string, unknown> = {};
    for (const [index, client] of clients.entries()) {
      const [request] = await client.atLeast('request', 1);
      expect(request).toEqual({ type: 'request', id: expect.any(String), data: { question: 'Still there?' } });
      const data = [{ answer: 'Yes' }, null, 'No'][index];
      expected[await idOf(client)] = data;
      client.send({ action: 'reply', id: request!.id, data });
    }
    expect(await answering).toEqual({ responses: expected, missing: [] });
  });

  it('counts the first reply of a connection, and says who gave none', async () => {
    const channel = fresh('room');
    const [client, silent] = await visit.subscribed(channel, 2);
    const answering = asked(await visit.open(), channel, 2_500);
    const [request] = await client!.atLeast('request', 1);
    const { id } = request!;
    for (const data of [1, 2, 3, 4, 5, 6]) client!.send({ action: 'reply', id, data });
    const refused = await client!.atLeast('error', 5);
    const { responses, missing } = await answering;
    for (const error of refused) expect(error).toMatchObject({ id, action: 'reply', code: 'duplicate', retry: false });
    // API Gateway may bring a later one before the first.
    expect(Object.values(responses)).toEqual([expect.any(Number)]);
    expect(client!.all('error')).toHaveLength(5);
    expect(missing).toEqual([await idOf(silent!)]);
    expect(await silent!.codeOf({ action: 'reply', id, data: 'too late' })).toBe('unknown-request');
  });

  it('knows no answer to what was not asked', async () => {
    const client = await visit.open();
    const refused = await client.askFor('error', { action: 'reply', id: uniqueId(), data: 'Yes' });
    expect(refused).toMatchObject({ action: 'reply', code: 'unknown-request', retry: false });
  });
}
