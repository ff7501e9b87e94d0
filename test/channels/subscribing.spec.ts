import { afterEach, describe, expect, it } from '@jest/globals';
import { ConnectionRefusedError } from '../../src/index.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { eventually } from '../support/cluster.js';
import { channelApp, named } from './channel.app.js';
import { Person } from './channel.person.js';
import { HookedStore } from './hooked.store.js';

afterEach(closeGatewayApps);

const FORBIDDEN = {
  type: 'error',
  action: 'subscribe',
  code: 'forbidden',
  message: 'This channel is not open to you.',
  retry: false,
};

describe('a client that subscribes', () => {
  it('gets into public channels that are declared, and into no others', async () => {
    const app = await channelApp({ news: {} }).start();
    const ada = await Person.connect(app);
    expect(await ada.subscribe('news', { id: 'a' })).toEqual({ type: 'subscribed', id: 'a', channel: 'news' });
    expect(await ada.subscribe('olds', { id: 'b' })).toEqual({ ...FORBIDDEN, id: 'b', channel: 'olds' });
    expect((await app.manager.getStats()).channels).toEqual({ news: 1 });
  });

  it('is refused alike by a rule, by a rule that throws, by none, and by a channel that is not there', async () => {
    const app = await channelApp({
      'private-refused': { authorize: () => false },
      'private-broken': {
        authorize: () => {
          throw new Error('a secret');
        },
      },
      'private-unruled': {},
    }).start();
    const ada = await Person.connect(app, 'ada');
    for (const channel of ['private-refused', 'private-broken', 'private-unruled', 'private-missing'])
      expect(await ada.subscribe(channel, { id: 'x' })).toEqual({ ...FORBIDDEN, id: 'x', channel });
    expect((await app.manager.getStats()).channels).toEqual({});
  });

  it('that the rule does not let in any more is not in there any longer', async () => {
    let isOpen = true;
    const app = await channelApp({ 'private-club': { authorize: () => isOpen } }).start();
    const ada = await Person.connect(app, 'ada');
    expect(await ada.subscribe('private-club')).toMatchObject({ type: 'subscribed' });
    isOpen = false;
    expect(await ada.subscribe('private-club')).toMatchObject({ code: 'forbidden' });
    await app.manager.publish('private-club', 'for members');
    expect(await ada.settledNews()).toEqual([]);
    expect((await app.manager.getStats()).channels).toEqual({});
  });

  it('stays in a channel whose rule cannot tell now', async () => {
    let answer = (): boolean => true;
    const app = await channelApp({ 'private-club': { authorize: () => answer() } }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('private-club');
    answer = () => {
      throw new ConnectionRefusedError(503);
    };
    expect(await ada.subscribe('private-club')).toMatchObject({ code: 'unavailable', retry: true });
    expect((await app.manager.getStats()).channels).toEqual({ 'private-club': 1 });
  });

  it('is known to the rule by its connection, its user, its authorizer, and what it sent', async () => {
    const asked: unknown[] = [];
    const app = await channelApp({
      lobby: {},
      'private-board.{id}': {
        authorize: (request) => {
          asked.push(request);
          return true;
        },
      },
    }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('lobby');
    await ada.subscribe('private-board.7', { data: { invitation: 'x' } });
    expect(asked).toEqual([
      {
        channel: 'private-board.7',
        params: { id: '7' },
        connectionId: expect.any(String),
        userId: 'ada',
        authorizer: expect.objectContaining({ userId: 'ada', principalId: 'anybody' }),
        data: { invitation: 'x' },
        connection: expect.objectContaining({ userId: 'ada', channels: ['lobby'] }),
      },
    ]);
  });

  it('may do so again, and is asked for again', async () => {
    let isOpen = true;
    const app = await channelApp({ news: { authorize: () => isOpen } }).start();
    const ada = await Person.connect(app);
    expect(await ada.subscribe('news')).toMatchObject({ type: 'subscribed' });
    expect(await ada.subscribe('news')).toMatchObject({ type: 'subscribed' });
    isOpen = false;
    expect(await ada.subscribe('news')).toMatchObject({ code: 'forbidden' });
  });

  it('finds a full channel full until somebody leaves', async () => {
    const app = await channelApp({ table: { maxClients: 2 } }).start();
    const people = await Promise.all([1, 2, 3].map(() => Person.connect(app)));
    const answers = await Promise.all(people.map((person) => person.subscribe('table')));
    expect(answers.filter(({ type }) => type === 'subscribed')).toHaveLength(2);
    const late = people[answers.findIndex(({ type }) => type === 'error')]!;
    const early = people.find((person) => person !== late)!;
    expect(await late.subscribe('table')).toMatchObject({ code: 'channel-full', retry: true });
    expect(await early.ask({ action: 'unsubscribe', id: 'u', channel: 'table' })).toEqual({
      type: 'unsubscribed',
      id: 'u',
      channel: 'table',
    });
    expect(await late.subscribe('table')).toMatchObject({ type: 'subscribed' });
  });

  it('is told when it is in as many channels as it may be', async () => {
    const app = await channelApp({ 'c.{n}': {} }, { maxChannelsPerConnection: 2 }).start();
    const ada = await Person.connect(app);
    for (const n of [1, 2]) expect(await ada.subscribe(`c.${n}`)).toMatchObject({ type: 'subscribed' });
    expect(await ada.subscribe('c.3')).toMatchObject({ code: 'too-many-channels', retry: false });
    expect(await ada.subscribe('c.1')).toMatchObject({ type: 'subscribed' });
  });

  it('is told why the server ended its subscription', async () => {
    const app = await channelApp({ 'private-board': { authorize: () => true } }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('private-board');
    const [connectionId] = await app.manager.getAllConnections();
    expect(await app.manager.unsubscribe(connectionId!, 'private-board', 'It was closed.')).toBe(true);
    expect(await ada.untilType('unsubscribed')).toEqual({
      type: 'unsubscribed',
      channel: 'private-board',
      reason: 'It was closed.',
    });
    expect(await app.manager.getChannelsByConnection(connectionId!)).toEqual([]);
    expect(await app.manager.unsubscribe(connectionId!, 'private-board')).toBe(false);
    expect(await ada.settledNews()).toHaveLength(1);
  });

  it('that ends while its rule is being asked is in no channel', async () => {
    let answer: (isAllowed: boolean) => void = () => undefined;
    const app = await channelApp({
      'presence-room': { authorize: () => new Promise<boolean>((resolve) => (answer = resolve)) },
    }).start();
    const ada = await Person.connect(app, 'ada');
    ada.send({ action: 'subscribe', channel: 'presence-room' });
    await eventually(() => answer.length > 0);
    await ada.close();
    await eventually(async () => (await app.manager.getAllConnections()).length === 0);
    answer(true);
    const bob = await Person.connect(app, 'bob');
    // The same rule: what was answered to the first of them has come through when this one is asked.
    const asking = bob.subscribe('presence-room', { presence: true });
    await eventually(() => answer.length > 0);
    await eventually(async () => {
      answer(true);
      return bob.got.length > 0;
    });
    expect(await asking).toMatchObject({ members: [{ id: 'bob' }], memberCount: 1 });
    expect((await app.manager.getStats()).channels).toEqual({ 'presence-room': 1 });
  });

  it.each(['join', 'presence.enter', 'presence.members'])(
    'that ends before its %s is done is neither in the channel nor present',
    async (operation) => {
      const hooks = new HookedStore();
      const app = await channelApp({ 'presence-room': named }, { store: hooks.store }).start();
      const bob = await Person.connect(app, 'bob');
      await bob.subscribe('presence-room', { presence: true });
      const ada = await Person.connect(app, 'ada');
      const { reached, released } = hooks.hold(operation);
      ada.send({ action: 'subscribe', channel: 'presence-room', presence: true });
      await reached.opened;
      await ada.close();
      await eventually(async () => (await app.manager.getAllConnections()).length === 1);
      released.open();
      // Whoever was told that she came is told that she went.
      await eventually(
        () => ofType(bob, 'leaving').length === ofType(bob, 'joining').length && hooks.calls.at(-1) !== operation,
      );
      expect(await bob.subscribe('presence-room', { presence: true })).toMatchObject({
        members: [{ id: 'bob', info: { name: 'BOB' } }],
        memberCount: 1,
      });
      expect(ofType(bob, 'leaving')).toHaveLength(ofType(bob, 'joining').length);
      expect((await app.manager.getStats()).channels).toEqual({ 'presence-room': 1 });
    },
  );

  it('that leaves meanwhile has left, and knows it', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ 'presence-room': named }, { store: hooks.store }).start();
    const ada = await Person.connect(app, 'ada');
    const { reached, released } = hooks.hold('presence.enter');
    const subscribing = ada.subscribe('presence-room');
    await reached.opened;
    const leaving = ada.ask({ action: 'unsubscribe', channel: 'presence-room' });
    await eventually(() => hooks.calls.includes('leave'));
    released.open();
    expect(await leaving).toMatchObject({ type: 'unsubscribed' });
    expect(await subscribing).toMatchObject({ type: 'error', code: 'unavailable', retry: true });
    expect((await app.manager.getStats()).channels).toEqual({});
  });

  it('again while it leaves is seen to be there', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ 'presence-room': named }, { store: hooks.store }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('presence-room');
    const { reached, released } = hooks.hold('presence.exit');
    const leaving = ada.ask({ action: 'unsubscribe', channel: 'presence-room' });
    await reached.opened;
    const subscribing = ada.subscribe('presence-room');
    await eventually(async () => (await app.manager.getConnectionsByChannel('presence-room')).length === 1);
    released.open();
    await Promise.all([leaving, subscribing]);
    expect(await ada.subscribe('presence-room', { presence: true })).toMatchObject({ memberCount: 1 });
  });

  it('gets an answer when the store fails, is not in the channel then, and may try again', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ 'presence-room': named }, { store: hooks.store }).start();
    const ada = await Person.connect(app, 'ada');
    for (const operation of ['ensure', 'join', 'presence.enter']) {
      hooks.fail(operation);
      expect(await ada.subscribe('presence-room')).toMatchObject({ type: 'error', code: 'unavailable', retry: true });
      expect((await app.manager.getStats()).channels).toEqual({});
      hooks.mend();
    }
    expect(await ada.subscribe('presence-room')).toMatchObject({ type: 'subscribed' });
  });
});

function ofType(person: Person, type: string): readonly unknown[] {
  return person.got.filter((message) => message['type'] === type);
}
