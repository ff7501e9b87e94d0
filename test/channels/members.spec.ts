import { afterEach, describe, expect, it } from '@jest/globals';
import type { PresenceEvent } from '../../src/index.js';
import { eventually } from '../support/cluster.js';
import { closeGatewayApps, type GatewayAppBuilder } from '../support/gateway-app.js';
import { channelApp, named } from './channel.app.js';
import { Person, type Got } from './channel.person.js';
import { HookedStore } from './hooked.store.js';

afterEach(closeGatewayApps);

const ROOM = 'presence-room';

const ada = { id: 'ada', info: { name: 'ADA' } };
const bob = { id: 'bob', info: { name: 'BOB' } };

/** What the application heard of members, `joined ada`, in order. */
function hearing(builder: GatewayAppBuilder): string[] {
  const heard: string[] = [];
  for (const what of ['joined', 'left'])
    builder.on(`websocket.presence.${what}`, (event: unknown) => {
      const { channel, member } = event as PresenceEvent;
      heard.push(`${what} ${member.id} ${JSON.stringify(member.info)} ${channel}`);
    });
  return heard;
}

function comingAndGoing(messages: readonly Got[]): Got[] {
  return messages.filter(({ type }) => type === 'joining' || type === 'leaving');
}

describe('members of a channel with presence', () => {
  it('come with their first connection and go with their last, and everybody else is told', async () => {
    const builder = channelApp({ 'presence-{name}': named });
    const heard = hearing(builder);
    const app = await builder.start();
    const [first, second, other] = [
      await Person.connect(app, 'ada'),
      await Person.connect(app, 'ada'),
      await Person.connect(app, 'bob'),
    ];
    expect(await other.subscribe(ROOM, { presence: true })).toMatchObject({ members: [bob], memberCount: 1 });
    expect(await first.subscribe(ROOM, { id: 's', presence: true })).toEqual({
      type: 'subscribed',
      id: 's',
      channel: ROOM,
      memberCount: 2,
      members: expect.arrayContaining([bob, ada]),
    });
    expect(await second.subscribe(ROOM)).not.toHaveProperty('members');
    await first.ask({ action: 'unsubscribe', channel: ROOM });
    expect(comingAndGoing(await other.settledNews())).toEqual([{ type: 'joining', channel: ROOM, member: ada }]);
    await second.close();
    expect(await other.untilType('leaving')).toEqual({ type: 'leaving', channel: ROOM, member: { id: 'ada' } });
    expect(comingAndGoing(first.got)).toEqual([]);
    expect(comingAndGoing(second.got)).toEqual([]);
    await eventually(() => heard.length === 3);
    expect(heard).toEqual([
      `joined bob {"name":"BOB"} ${ROOM}`,
      `joined ada {"name":"ADA"} ${ROOM}`,
      `left ada {"name":"ADA"} ${ROOM}`,
    ]);
  });

  it('are counted by connection where they have no user', async () => {
    const app = await channelApp({ [ROOM]: { authorize: () => true } }).start();
    const people = [await Person.connect(app), await Person.connect(app)];
    for (const person of people) await person.subscribe(ROOM);
    const ids = await app.manager.getAllConnections();
    const { members, memberCount } = await people[0]!.subscribe(ROOM, { presence: true });
    expect(memberCount).toBe(2);
    expect((members as Got[]).toSorted(byId)).toEqual(ids.map((id) => ({ id })).toSorted(byId));
  });

  it('leave once when two connections of a user end at once', async () => {
    const builder = channelApp({ [ROOM]: named });
    const heard = hearing(builder);
    const app = await builder.start();
    const watcher = await Person.connect(app, 'bob');
    await watcher.subscribe(ROOM);
    for (let round = 0; round < 10; round++) {
      const people = await Promise.all([1, 2, 3].map(() => Person.connect(app, 'ada')));
      await Promise.all(people.map((person) => person.subscribe(ROOM)));
      const [one, two, three] = people;
      await Promise.all([
        one!.close(),
        two!.ask({ action: 'unsubscribe', channel: ROOM }),
        app.manager.disconnectUser('nobody'),
        three!.close(),
      ]);
      await eventually(() => heard.length === 2 * round + 3);
    }
    expect(comingAndGoing(await watcher.settledNews()).map(({ type }) => type)).toEqual(
      Array.from({ length: 10 }, () => ['joining', 'leaving']).flat(),
    );
  });

  it('are told of in the order in which they came and went, however long that takes', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ [ROOM]: named }, { store: hooks.store }).start();
    const [watcher, guest] = [await Person.connect(app, 'bob'), await Person.connect(app, 'ada')];
    await watcher.subscribe(ROOM);
    const { reached, released } = hooks.hold('recipients');
    guest.send({ action: 'subscribe', channel: ROOM });
    await reached.opened;
    await guest.close();
    await eventually(async () => (await app.manager.getConnectionsByUserId('ada')).length === 0);
    // What the end of the connection has to say would be said by the time that this is answered.
    await watcher.ask({ action: 'ping' });
    await watcher.ask({ action: 'ping' });
    released.open();
    await watcher.untilType('leaving');
    expect(comingAndGoing(await watcher.settledNews()).map(({ type }) => type)).toEqual(['joining', 'leaving']);
  });

  it('are what the rule says of them, whatever they say', async () => {
    const app = await channelApp({ [ROOM]: named }).start();
    const [watcher, liar] = [await Person.connect(app, 'bob'), await Person.connect(app, 'ada')];
    await watcher.subscribe(ROOM);
    await liar.subscribe(ROOM, {
      info: { name: 'ROOT' },
      member: { id: 'root' },
      userId: 'root',
      data: { info: 'root' },
    });
    expect(comingAndGoing(await watcher.settledNews())).toEqual([{ type: 'joining', channel: ROOM, member: ada }]);
  });

  it('come and go without a word where the rule wants it so', async () => {
    const builder = channelApp({ [ROOM]: { ...named, joinLeave: false } });
    const heard = hearing(builder);
    const app = await builder.start();
    const [watcher, guest] = [await Person.connect(app, 'bob'), await Person.connect(app, 'ada')];
    await watcher.subscribe(ROOM);
    await guest.subscribe(ROOM);
    expect(await watcher.subscribe(ROOM, { presence: true })).toMatchObject({ memberCount: 2 });
    await guest.close();
    await eventually(() => heard.length === 3);
    expect(comingAndGoing(await watcher.settledNews())).toEqual([]);
  });

  it('may be made by the application, which tells nothing of them', async () => {
    const app = await channelApp({ [ROOM]: named, lobby: { presence: true } }).start();
    const watcher = await Person.connect(app, 'bob');
    for (const channel of [ROOM, 'lobby']) await watcher.subscribe(channel);
    const guest = await Person.connect(app, 'ada');
    const [connectionId] = await app.manager.getConnectionsByUserId('ada');
    for (const channel of [ROOM, 'lobby']) {
      expect(await app.manager.joinChannel(connectionId!, channel)).toBe(true);
      expect(await app.manager.joinChannel(connectionId!, channel)).toBe(true);
    }
    expect(await app.manager.getPresence(ROOM)).toEqual(expect.arrayContaining([bob, { id: 'ada' }]));
    expect(await app.manager.countPresence('lobby')).toBe(2);
    expect(await app.manager.leaveChannel(connectionId!, ROOM)).toBe(true);
    expect(await app.manager.leaveChannel(connectionId!, ROOM)).toBe(true);
    expect(comingAndGoing(await watcher.settledNews())).toEqual([
      { type: 'joining', channel: ROOM, member: { id: 'ada' } },
      { type: 'joining', channel: 'lobby', member: { id: 'ada' } },
      { type: 'leaving', channel: ROOM, member: { id: 'ada' } },
    ]);
    expect(comingAndGoing(await guest.settledNews())).toEqual([]);
  });

  it.each<
    [string, (app: { manager: { disconnectUser(id: string): Promise<unknown> } }, guest: Person) => Promise<unknown>]
  >([
    ['the server disconnects', ({ manager }) => manager.disconnectUser('ada')],
    ['vanish', async (_, guest) => guest.client.socket.terminate()],
    ['leave', (_, guest) => guest.ask({ action: 'unsubscribe', channel: ROOM })],
  ])('are gone when they %s', async (_, end) => {
    const app = await channelApp({ [ROOM]: named }).start();
    const [watcher, guest] = [await Person.connect(app, 'bob'), await Person.connect(app, 'ada')];
    for (const person of [watcher, guest]) await person.subscribe(ROOM);
    await end(app, guest);
    expect(await watcher.untilType('leaving')).toMatchObject({ member: { id: 'ada' } });
    expect(await watcher.subscribe(ROOM, { presence: true })).toMatchObject({ members: [bob], memberCount: 1 });
  });

  it('that were joined in a handshake that was refused then are gone', async () => {
    const builder = channelApp({ [ROOM]: named });
    builder.on('websocket.connected', async ({ connectionId, connection }) => {
      if (connection.userId !== 'eve') return;
      await app.manager.joinChannel(connectionId, ROOM);
      throw new Error('Not her.');
    });
    const app = await builder.start();
    const watcher = await Person.connect(app, 'bob');
    await watcher.subscribe(ROOM);
    await expect(Person.connect(app, 'eve')).rejects.toThrow('500');
    expect(await watcher.untilType('leaving')).toMatchObject({ member: { id: 'eve' } });
    expect(comingAndGoing(await watcher.settledNews()).map(({ type }) => type)).toEqual(['joining', 'leaving']);
  });

  it('are listed up to a thousand, and counted beyond', async () => {
    const hooks = new HookedStore();
    const app = await channelApp(
      { [ROOM]: { ...named, joinLeave: false } },
      { store: hooks.store, maxPayloadBytes: 4_000 },
    ).start();
    const presence = hooks.store.presence()!;
    for (let count = 0; count < 1_200; count++) {
      const connectionId = `c${count}`;
      await hooks.store.add({
        connectionId,
        connectedAt: Date.now(),
        userId: `u${count}`,
        routeKey: '$connect',
        channels: [],
        endpoint: null,
      });
      await hooks.store.join(connectionId, ROOM);
      await presence.enter(ROOM, connectionId, { memberId: `u${count}`, info: '{"a":1}' });
    }
    const guest = await Person.connect(app, 'ada');
    const reply = await guest.subscribe(ROOM, { presence: true });
    expect(reply).toMatchObject({ memberCount: 1_201, members: [] });
    const parts = guest.got.filter(({ type }) => type === 'part');
    const listed = parts.flatMap(({ members }) => (members as Got[]).map(({ id }) => id));
    expect(new Set(listed).size).toBe(1_000);
    for (const text of guest.client.messages.all) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_000);
  });
});

describe('a store that has no place for presence', () => {
  it('keeps clients out of channels with presence, and says so when the application starts', async () => {
    const { store } = new HookedStore();
    const without = new Proxy(store, {
      get: (target, key) => (key === 'presence' ? () => null : (Reflect.get(target, key) as unknown)),
    });
    const app = await channelApp({ [ROOM]: named, room: {} }, { store: without }).start();
    const person = await Person.connect(app, 'ada');
    expect(await person.subscribe(ROOM)).toMatchObject({ code: 'forbidden' });
    expect(await person.subscribe('room')).toMatchObject({ type: 'subscribed' });
    expect(app.logged).toEqual([expect.stringMatching(/^\[channels\.no-presence\] /)]);
  });
});

describe('an outage while a member leaves', () => {
  it('fails neither the end of the connection nor what others see', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ [ROOM]: named }, { store: hooks.store }).start();
    const [watcher, guest] = [await Person.connect(app, 'bob'), await Person.connect(app, 'ada')];
    for (const person of [watcher, guest]) await person.subscribe(ROOM);
    hooks.fail('presence.exit');
    await guest.close();
    await eventually(() => app.logged.some((line) => line.startsWith('[presence.untold')));
    hooks.mend();
    expect(await watcher.subscribe(ROOM, { presence: true })).toMatchObject({ members: [bob], memberCount: 1 });
  });

  it('is told to a client that asks to leave, which may try again', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ [ROOM]: named }, { store: hooks.store }).start();
    const [watcher, guest] = [await Person.connect(app, 'bob'), await Person.connect(app, 'ada')];
    for (const person of [watcher, guest]) await person.subscribe(ROOM);
    hooks.fail('presence.exit');
    expect(await guest.ask({ action: 'unsubscribe', channel: ROOM })).toMatchObject({ code: 'unavailable' });
    hooks.mend();
    expect(await guest.ask({ action: 'unsubscribe', channel: ROOM })).toMatchObject({ type: 'unsubscribed' });
    expect(await watcher.untilType('leaving')).toMatchObject({ member: { id: 'ada' } });
  });
});

function byId(a: Got, b: Got): number {
  return String(a['id']).localeCompare(String(b['id']));
}
