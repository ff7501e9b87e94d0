import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { killWorkers, WorkerProcess } from '../processes/worker.process.js';
import { eventually } from '../support/cluster.js';
import { closeGatewayApps, type GatewayApp } from '../support/gateway-app.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { channelApp, named } from './channel.app.js';
import { Person, type Got } from './channel.person.js';
import { LEASE } from './leases.js';

const ROOM = 'presence-room';

/** Two leases, which is 30 s by default, and some time for a busy machine. */
const WITHIN_MS = 2 * LEASE.leaseMs + 4_000;

/** A process is started, and two leases run out. */
const LONG_MS = 60_000;

describeWithRedis('channels on nodes that share a Redis', () => {
  let redis: RedisServer;
  let nodes: GatewayApp[];
  let people: Person[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    nodes = [await startNode(), await startNode()];
    people = [];
  });

  afterEach(async () => {
    for (const { client } of people) client.socket.terminate();
    await killWorkers();
    await closeGatewayApps();
    await redis.kill();
  });

  const startNode = (): Promise<GatewayApp> =>
    channelApp(
      { [ROOM]: { ...named, persistent: true }, seats: { maxClients: 3 } },
      { redis: { url: redis.url }, storeTimeoutMs: 1_000 },
    )
      .gateway({ cluster: LEASE })
      .start();

  async function person(node: Pick<GatewayApp, 'url'>, user: string): Promise<Person> {
    const someone = await Person.connect(node, user);
    people.push(someone);
    return someone;
  }

  const idsIn = (reply: Got): unknown[] => (reply['members'] as Got[]).map(({ id }) => id).toSorted();

  it('have the same members, messages and seats everywhere', async () => {
    const [ada, ada2, bob] = [
      await person(nodes[0]!, 'ada'),
      await person(nodes[1]!, 'ada'),
      await person(nodes[1]!, 'bob'),
    ];
    await bob.subscribe(ROOM);
    await Promise.all([ada.subscribe(ROOM), ada2.subscribe(ROOM)]);
    expect(idsIn(await ada.subscribe(ROOM, { presence: true }))).toEqual(['ada', 'bob']);
    await bob.untilType('joining');
    const { messageId, epoch } = await ada.ask({ action: 'publish', channel: ROOM, data: 'hi', id: '1' });
    expect(await bob.untilType('message')).toMatchObject({ data: 'hi', from: 'ada', id: messageId, offset: 1, epoch });
    expect(await ada2.ask({ action: 'publish', channel: ROOM, data: 'hi', id: '1' })).toMatchObject({
      code: 'duplicate',
      messageId,
    });
    await bob.ask({ action: 'event', event: 'typing', channel: ROOM });
    expect(await ada.untilType('event')).toMatchObject({ event: 'typing', from: 'bob' });
    await Promise.all([ada.close(), ada2.close()]);
    await bob.untilType('leaving');
    const seats = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => (await person(nodes[index % 2]!, `s${index}`)).subscribe('seats')),
    );
    expect(seats.filter(({ type }) => type === 'subscribed')).toHaveLength(3);
    expect(seats.filter(({ code }) => code === 'channel-full')).toHaveLength(5);
    expect((await bob.settledNews()).map(({ type }) => type)).toEqual(['joining', 'message', 'leaving']);
  });

  it(
    'lose the members of a node that dies within two leases, each once, but those who are elsewhere, too',
    async () => {
      const mortal = await WorkerProcess.start('../channels/mortal.node.ts', { url: redis.url });
      const there = mortal.greeting as { readonly url: string };
      const watchers = [await person(nodes[0]!, 'bob'), await person(nodes[1]!, 'eve')];
      for (const watcher of watchers) await watcher.subscribe(ROOM);
      const doomed = [await person(there, 'ada'), await person(there, 'ada'), await person(there, 'eve')];
      for (const someone of doomed) expect(await someone.subscribe(ROOM)).toMatchObject({ type: 'subscribed' });
      // A node that has only just come buries nobody.
      const since = Date.now();
      await eventually(() => Date.now() - since > LEASE.leaseMs * 1.5);
      const killedAt = Date.now();
      await mortal.kill();
      await Promise.all(watchers.map((watcher) => watcher.untilType('leaving')));
      expect(Date.now() - killedAt).toBeLessThan(WITHIN_MS);
      for (const watcher of watchers) {
        expect(idsIn(await watcher.subscribe(ROOM, { presence: true }))).toEqual(['bob', 'eve']);
        const left = (await watcher.settledNews()).filter(({ type }) => type === 'leaving');
        expect(left).toEqual([{ type: 'leaving', channel: ROOM, member: { id: 'ada' } }]);
      }
    },
    LONG_MS,
  );

  it('have their members again, with what is known of them, when the store comes back empty', async () => {
    const [ada, bob] = [await person(nodes[0]!, 'ada'), await person(nodes[1]!, 'bob')];
    for (const someone of [ada, bob]) await someone.subscribe(ROOM);
    await redis.kill();
    expect(await ada.subscribe(ROOM)).toMatchObject({ code: 'unavailable', retry: true });
    await redis.restart();
    await eventually(async () => {
      const members = await nodes[0]!.manager.getPresence(ROOM).catch(() => []);
      return members.length === 2 && members.every(({ info }) => info !== undefined);
    }, 'the members');
    expect((await nodes[1]!.manager.getPresence(ROOM)).toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
      { id: 'ada', info: { name: 'ADA' } },
      { id: 'bob', info: { name: 'BOB' } },
    ]);
    await ada.close();
    expect(await bob.untilType('leaving')).toMatchObject({ member: { id: 'ada' } });
  });
});
