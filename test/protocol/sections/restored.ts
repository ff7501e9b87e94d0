import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { ProtocolClient } from '../protocol.client.js';
import { fresh, type Visit } from '../protocol.home.js';

const PATIENCE_MS = 15_000;
const AGAIN_MS = 100;

/** Connections that the server had forgotten. */
export function restored(visit: Visit): void {
  /** Does what a client has to do. Resolves whether the server had told it to: a gateway may have registered it again by itself. */
  async function recovers(client: ProtocolClient, channel: string): Promise<boolean> {
    const before = client.messages.length;
    await client.settle();
    await client.settle();
    const types = client.messages.slice(before).flatMap(({ type }) => (type === 'joining' ? [] : [type]));
    const isTold = types.includes('restored');
    // Once, and before the first answer.
    expect(types).toEqual([...(isTold ? ['restored'] : []), 'pong', 'pong']);
    if (!isTold) return false;
    expect(await client.codeOf({ action: 'publish', channel, data: 1 })).toBe('not-subscribed');
    await client.subscribe(channel);
    return true;
  }

  /** Publishes until everyone has heard of it: nodes may have to find each other again. */
  async function reaches(clients: readonly ProtocolClient[], channel: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (clients.some((client) => client.dataOf(channel).length === 0)) {
      expect(Date.now()).toBeLessThan(deadline);
      await clients[0]!.publish(channel, 'afterwards');
      await Promise.all(clients.map((client) => client.settle()));
      await delay(AGAIN_MS);
    }
  }

  it('tells a client, and has it subscribe again', async () => {
    const channel = fresh('room');
    const clients = await visit.subscribed(channel, 3);
    await visit.forget();
    for (const client of clients) await recovers(client, channel);
    await reaches(clients, channel);
  });

  it('counts members as before once they subscribed again', async () => {
    const channel = fresh('presence-hall');
    const clients = await visit.subscribed(channel, 3);
    await visit.forget();
    for (const client of clients) await recovers(client, channel);
    const ids = await Promise.all(
      clients.map(async (client) => (await client.askFor('welcome', { action: 'hello', protocol: 1 })).connectionId),
    );
    const { members } = await clients[0]!.subscribe(channel, { presence: true });
    expect(members?.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it('begins a new epoch, and says that nothing could be recovered', async () => {
    const channel = fresh('log');
    const [client] = await visit.subscribed(channel, 1);
    await client!.publish(channel, 'before');
    const [message] = await client!.atLeast('message', 1);
    await visit.forget();
    await recovers(client!, channel);
    const { epoch, offset } = message!;
    const subscribed = await client!.subscribe(channel, { recover: { epoch, offset } });
    expect(subscribed).toMatchObject({ recovered: false });
    await client!.publish(channel, 'after');
    const [, after] = await client!.atLeast('message', 2);
    expect(after!.epoch).not.toBe(epoch);
    expect(after!.offset).toBe(1);
  });
}
