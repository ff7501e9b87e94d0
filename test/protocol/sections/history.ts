import { expect, it } from '@jest/globals';
import type { ChannelMessage, SubscribedMessage } from '../../../src/protocol/wire/server.messages.js';
import { Facts } from '../application.facts.js';
import { Follower } from '../follower.js';
import type { ProtocolClient } from '../protocol.client.js';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

/** Numbered messages, and those who come or come back. */
export function history(visit: Visit): void {
  async function published(
    channel: string,
    count: number,
  ): Promise<{ publisher: ProtocolClient; live: ChannelMessage[] }> {
    const publisher = await visit.open();
    await publisher.subscribe(channel);
    for (let index = 1; index <= count; index++) await publisher.publish(channel, index);
    return { publisher, live: await publisher.atLeast('message', count) };
  }

  /** Those of the reply, after those of its parts. */
  function recovered(client: ProtocolClient, { id, messages = [] }: SubscribedMessage): ChannelMessage[] {
    const parts = client.all('part').filter((part) => part.id === id);
    return [...parts.flatMap((part) => part.messages ?? []), ...messages];
  }

  it('numbers the messages of a persistent channel one by one, in one epoch', async () => {
    const channel = fresh('log');
    const { publisher } = await published(channel, 3);
    await publisher.request('tell', { channel, data: 4 });
    const messages = await publisher.atLeast('message', 4);
    expect(messages.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    expect(new Set(messages.map(({ epoch }) => epoch)).size).toBe(1);
  });

  it('numbers no messages of other channels', async () => {
    const { live } = await published(fresh('room'), 1);
    expect(live[0]).not.toHaveProperty('offset');
    expect(live[0]).not.toHaveProperty('epoch');
  });

  it.each([
    ['the last message', {}, [7]],
    ['no messages', { history: 0 }, []],
    ['as many of the last as it asks for', { history: 2 }, [6, 7]],
    ['those that are kept', { history: 100 }, [3, 4, 5, 6, 7]],
  ])('gives a newcomer %s', async (_what, fields, expected) => {
    const channel = fresh('log');
    const { live } = await published(channel, 7);
    const client = await visit.open();
    const subscribed = await client.subscribe(channel, { ...fields, id: '9' });
    const messages = recovered(client, subscribed);
    expect(messages).toEqual(live.slice(7 - expected.length));
    expect(messages.map(({ data }) => data)).toEqual(expected);
    expect(subscribed).toMatchObject({ epoch: live[0]!.epoch, offset: 7 });
    expect(subscribed).not.toHaveProperty('recovered');
  });

  it('gives a newcomer nothing where nothing was published', async () => {
    const client = await visit.open();
    const subscribed = await client.subscribe(fresh('log'), { history: 100 });
    expect(subscribed.messages ?? []).toEqual([]);
    expect(subscribed.offset ?? 0).toBe(0);
  });

  it('gives a client that comes back all that it missed', async () => {
    const channel = fresh('log');
    const { live } = await published(channel, 7);
    for (const last of [7, 6, 4, 2]) {
      const client = await visit.open();
      const { epoch, offset } = live[last - 1]!;
      const subscribed = await client.subscribe(channel, { recover: { epoch, offset } });
      expect(subscribed).toMatchObject({ recovered: true, epoch, offset: 7 });
      expect(recovered(client, subscribed)).toEqual(live.slice(last));
    }
  });

  it.each([
    ['is not kept any more', 'e', 1],
    ['is of another epoch', 'another', 6],
    ['was never published', 'e', 8],
  ])('says when the message behind the last one that a client has %s', async (_what, which, offset) => {
    const channel = fresh('log');
    const { live } = await published(channel, 7);
    const epoch = which === 'e' ? live[0]!.epoch! : which;
    const client = await visit.open();
    const subscribed = await client.subscribe(channel, { recover: { epoch, offset } });
    expect(subscribed).toMatchObject({ recovered: false, epoch: live[0]!.epoch, offset: 7 });
    // As for a newcomer.
    expect(recovered(client, subscribed)).toEqual(live.slice(-1));
  });

  it('gives as many of the last as it asks for to a client that could not recover', async () => {
    const channel = fresh('log');
    const { live } = await published(channel, 7);
    const client = await visit.open();
    const subscribed = await client.subscribe(channel, { history: 3, recover: { epoch: 'another', offset: 1 } });
    expect(subscribed.recovered).toBe(false);
    expect(recovered(client, subscribed)).toEqual(live.slice(-3));
  });

  it('recovers nothing in a channel that keeps nothing', async () => {
    const channel = fresh('room');
    await published(channel, 2);
    const client = await visit.open();
    const subscribed = await client.subscribe(channel, { history: 100, recover: { epoch: 'e', offset: 1 } });
    expect(subscribed.messages ?? []).toEqual([]);
    expect(subscribed.recovered ?? false).toBe(false);
  });

  it('sends what does not fit into one message in parts before it', async () => {
    const channel = fresh('archive');
    const publisher = await visit.open();
    await publisher.subscribe(channel);
    for (let index = 0; index < 30; index++) await publisher.publish(channel, `${index} ${'ü'.repeat(1_000)}`);
    const live = await publisher.atLeast('message', 30);
    for (const fields of [
      { history: 100 },
      { recover: { epoch: live[0]!.epoch, offset: 0 } },
      { recover: { offset: 0 } },
    ]) {
      const client = await visit.open();
      const subscribed = await client.subscribe(channel, fields);
      expect(client.all('part').length).toBeGreaterThan(1);
      expect(recovered(client, subscribed)).toEqual(live);
      expect(client.messages.at(-1)).toBe(subscribed);
      for (const message of client.messages)
        expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(Facts.maxPayloadBytes);
    }
  });

  it('names the publisher of a kept message as of a live one', async () => {
    const channel = fresh('presence-log');
    const user = uniqueId();
    const publisher = await visit.open(`user=${user}`);
    await publisher.subscribe(channel);
    await publisher.publish(channel, 'kept', { event: 'said' });
    const live = await publisher.atLeast('message', 1);
    const client = await visit.open();
    expect(recovered(client, await client.subscribe(channel))).toEqual(live);
    expect(live[0]).toMatchObject({ from: user, event: 'said' });
  });

  it('loses and doubles nothing for a client that keeps to the rules, whoever publishes, however often it is cut off', async () => {
    const channel = fresh('archive');
    const publishers = await visit.subscribed(channel, 3);
    const everything = Promise.all(
      publishers.map(async (publisher, who) => {
        for (let index = 0; index < 15; index++) await publisher.publish(channel, `${who} ${index}`);
      }),
    );
    const follower = new Follower();
    for (let isOver = false, round = 0; !isOver; round++) {
      isOver = await isDone(everything);
      const client = await visit.open();
      const { position } = follower;
      const request = position === undefined ? { history: 100 } : { recover: position };
      const subscribed = await client.subscribe(channel, request);
      // Some stay for a while, and hear of what is published meanwhile.
      for (let turn = 0; turn < round % 4; turn++) await client.settle();
      await client.close();
      follower.take(subscribed, recovered(client, subscribed), client.all('message'));
    }
    const [publisher] = publishers;
    await publisher!.atLeast('message', 45);
    const sent = publisher!.all('message').sort((one, two) => one.offset! - two.offset!);
    expect(follower.shown).toEqual(sent.map(({ data }) => data));
    expect(new Set(follower.shown).size).toBe(45);
    expect(follower.position?.offset).toBe(45);
  });
}

/** Whether it is, by now. */
function isDone(work: Promise<unknown>): Promise<boolean> {
  const turn = new Promise<boolean>((resolve) => setImmediate(resolve, false));
  return Promise.race([work.then(() => true), turn]);
}
