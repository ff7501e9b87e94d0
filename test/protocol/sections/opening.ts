import { expect, it } from '@jest/globals';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

/** `hello` and `welcome`. */
export function opening(visit: Visit): void {
  it('welcomes a client that says hello, with what it has to know', async () => {
    const client = await visit.open();
    const welcome = await client.askFor('welcome', { action: 'hello', protocol: 1, id: '1' });
    expect(client.messages).toEqual([welcome]);
    expect(welcome).toMatchObject({ type: 'welcome', id: '1', protocol: 1 });
    // Below the 10 minutes after which API Gateway takes a connection for idle, and the 2 hours that it lasts.
    expect(welcome.pingSeconds).toBeLessThan(600);
    expect(welcome.lifetimeSeconds ?? 1).toBeGreaterThan(0);
    expect(welcome.lifetimeSeconds ?? 1).toBeLessThanOrEqual(7_200);
  });

  it('tells a client the id of its connection', async () => {
    const [one, two] = [await visit.open(), await visit.open()];
    const welcomes = await Promise.all(
      [one, two].map((client) => client.askFor('welcome', { action: 'hello', protocol: 1 })),
    );
    expect(new Set(welcomes.map(({ connectionId }) => connectionId)).size).toBe(2);
    const { members } = await one.subscribe(fresh('presence-hall'), { presence: true });
    expect(members?.map(({ id }) => id)).toEqual([welcomes[0]!.connectionId]);
  });

  it('passes on what the listener of websocket.ready returned, at each hello', async () => {
    const user = uniqueId();
    const client = await visit.open(`user=${user}`);
    for (let round = 0; round < 2; round++) {
      const { data, connectionId } = await client.askFor('welcome', { action: 'hello', protocol: 1 });
      expect(data).toEqual({ connectionId, user });
    }
  });

  it('leaves data out when the listener returned nothing', async () => {
    const client = await visit.open();
    expect(await client.askFor('welcome', { action: 'hello', protocol: 1 })).not.toHaveProperty('data');
  });

  it('refuses versions that it does not speak', async () => {
    const client = await visit.open();
    for (const protocol of [2, 0, 1_000_000]) {
      const refused = await client.askFor('error', { action: 'hello', protocol });
      expect(refused).toMatchObject({ action: 'hello', code: 'unsupported-protocol', retry: false });
    }
    expect(await client.codeOf({ action: 'hello', protocol: 1 })).toBe('welcome');
  });

  it('needs no hello', async () => {
    const client = await visit.open();
    const channel = fresh('room');
    await client.subscribe(channel);
    await client.publish(channel, 'without a hello');
    await client.atLeast('message', 1);
  });

  it('takes messages as large as it says', async () => {
    const client = await visit.open();
    const { maxMessageBytes } = await client.askFor('welcome', { action: 'hello', protocol: 1 });
    const empty = JSON.stringify({ action: 'ping', id: 'large', fill: '' });
    client.send(JSON.stringify({ action: 'ping', id: 'large', fill: 'x'.repeat(maxMessageBytes - empty.length) }));
    await client.until((message) => message.type === 'pong' && message.id === 'large', 'the answer to a large message');
  });
}
