import { expect, it } from '@jest/globals';
import { Facts, invitationTo } from '../application.facts.js';
import { fresh, type Visit } from '../protocol.home.js';

/** `subscribe` and `unsubscribe`. */
export function channels(visit: Visit): void {
  it('subscribes and unsubscribes, and says just that', async () => {
    const client = await visit.open();
    const channel = fresh('room');
    expect(await client.ask({ action: 'subscribe', id: '2', channel })).toEqual({
      type: 'subscribed',
      id: '2',
      channel,
    });
    expect(await client.ask({ action: 'unsubscribe', id: '3', channel })).toEqual({
      type: 'unsubscribed',
      id: '3',
      channel,
    });
  });

  it('sends a channel to those that are subscribed, until they unsubscribe', async () => {
    const channel = fresh('room');
    const [publisher, staying, leaving] = await visit.subscribed(channel, 3);
    await publisher!.publish(channel, 1);
    await leaving!.askFor('unsubscribed', { action: 'unsubscribe', channel });
    await publisher!.publish(channel, 2);
    for (const client of [staying!, leaving!]) await client.settle();
    expect(staying!.dataOf(channel)).toEqual([1, 2]);
    expect(leaving!.dataOf(channel)).toEqual([1]);
    expect(await leaving!.codeOf({ action: 'publish', channel, data: 3 })).toBe('not-subscribed');
  });

  it('lets into a private channel whom its rule lets in, by the data of the request', async () => {
    const client = await visit.open();
    const channel = fresh('private-board');
    const invitation = invitationTo(channel.slice('private-board.'.length));
    for (const data of [undefined, null, {}, { invitation: 'another' }, { invitation: { toString: invitation } }])
      expect(await client.codeOf({ action: 'subscribe', channel, data })).toBe('forbidden');
    await client.subscribe(channel, { data: { invitation } });
    await client.publish(channel, 'inside');
    await client.settle();
    expect(client.dataOf(channel)).toEqual(['inside']);
  });

  it.each([
    ['that is not declared', 'unheard'],
    ['of a kind that is not declared', 'private-unheard'],
    ['with presence that is not declared', 'presence-unheard'],
    ['whose rule refuses', 'private-board'],
    ['that has no rule who may enter', 'private-unruled'],
    ['whose rule fails', 'private-faulty'],
    ['whose rule answers something else', 'private-odd'],
  ])('forbids a channel %s, in the same words', async (_which, prefix) => {
    const client = await visit.open();
    const channel = fresh(prefix);
    expect(await client.ask({ action: 'subscribe', id: '5', channel })).toEqual({
      type: 'error',
      id: '5',
      action: 'subscribe',
      channel,
      code: 'forbidden',
      message: expect.any(String),
      retry: false,
    });
    const declared = await client.askFor('error', { action: 'subscribe', id: '6', channel: fresh('private-board') });
    const refused = await client.askFor('error', { action: 'subscribe', id: '7', channel });
    expect(refused.message).toBe(declared.message);
  });

  it('answers who subscribes again as the first time', async () => {
    const client = await visit.open();
    const channel = fresh('room');
    const subscribe = { action: 'subscribe', channel, id: '1' };
    expect(await client.ask(subscribe)).toEqual(await client.ask(subscribe));
    await client.publish(channel, 'once');
    await client.settle();
    expect(client.dataOf(channel)).toEqual(['once']);
  });

  it('asks the rule again when a client subscribes again', async () => {
    const client = await visit.open();
    const channel = fresh('presence-hall');
    await client.subscribe(channel);
    await client.request('ban');
    expect(await client.codeOf({ action: 'subscribe', channel })).toBe('forbidden');
  });

  it('ends a subscription when the application says so, with its reason', async () => {
    const channel = fresh('room');
    const [client, witness] = await visit.subscribed(channel, 2);
    await client!.request('end', { channel, reason: 'The room was closed.' });
    await client!.atLeast('unsubscribed', 1);
    expect(client!.all('unsubscribed')).toEqual([{ type: 'unsubscribed', channel, reason: 'The room was closed.' }]);
    await witness!.publish(channel, 'afterwards');
    await client!.settle();
    expect(client!.dataOf(channel)).toEqual([]);
    expect(witness!.all('unsubscribed')).toEqual([]);
    await client!.subscribe(channel);
  });

  it('lets a connection be in so many channels and no more', async () => {
    const client = await visit.open();
    const names = Array.from({ length: Facts.maxChannels + 5 }, () => fresh('room'));
    const codes = await Promise.all(names.map((channel) => client.codeOf({ action: 'subscribe', channel })));
    expect(codes.filter((code) => code === 'subscribed')).toHaveLength(Facts.maxChannels);
    expect(codes.filter((code) => code === 'too-many-channels')).toHaveLength(5);
    const entered = names[codes.indexOf('subscribed')]!;
    expect(await client.codeOf({ action: 'subscribe', channel: entered })).toBe('subscribed');
    await client.askFor('unsubscribed', { action: 'unsubscribe', channel: entered });
    expect(await client.codeOf({ action: 'subscribe', channel: fresh('room') })).toBe('subscribed');
  });

  it('lets exactly as many of 50 clients that come at once into a channel as it may have', async () => {
    const channel = fresh('small');
    const clients = await Promise.all(Array.from({ length: 50 }, () => visit.open()));
    const codes = await Promise.all(clients.map((client) => client.codeOf({ action: 'subscribe', channel })));
    expect(codes.filter((code) => code === 'subscribed')).toHaveLength(Facts.maxClients);
    expect(codes.filter((code) => code === 'channel-full')).toHaveLength(50 - Facts.maxClients);
    const inside = clients.filter((_client, index) => codes[index] === 'subscribed');
    await inside[0]!.publish(channel, 'for those inside');
    for (const [index, client] of clients.entries()) {
      if (codes[index] === 'subscribed') await client.atLeast('message', 1);
      else expect(client.dataOf(channel)).toEqual([]);
    }
  });

  it('has a place again for the next when somebody leaves a full channel or closes', async () => {
    const channel = fresh('small');
    const [leaving, closing] = await visit.subscribed(channel, Facts.maxClients);
    const [one, two] = [await visit.open(), await visit.open()];
    const full = await one.askFor('error', { action: 'subscribe', channel });
    expect(full).toMatchObject({ code: 'channel-full', retry: true });
    // Who is in needs no place.
    await leaving!.subscribe(channel);
    await leaving!.askFor('unsubscribed', { action: 'unsubscribe', channel });
    await one.subscribe(channel);
    expect(await two.codeOf({ action: 'subscribe', channel })).toBe('channel-full');
    await closing!.close();
    await two.retry('subscribed', { action: 'subscribe', channel });
  });
}
