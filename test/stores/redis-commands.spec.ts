import { beforeEach, expect, it } from '@jest/globals';
import { RedisConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { connection } from './caches.js';

/** How often each command was called, whether by a client or by a script. */
type Calls = Readonly<Record<string, number>>;

/** The operations that a connection takes part in, in an order that leaves the store as it was. */
const OPERATIONS: Readonly<Record<string, (store: RedisConnectionStore) => Promise<unknown>>> = {
  add: (store) => store.add({ ...connection('subject', 'own'), connectedAt: Date.now() }),
  'add again': (store) => store.add(connection('subject', 'own')),
  ensure: (store) => store.ensure(connection('subject', 'own')),
  join: (store) => store.join('subject', 'news'),
  'join with limits': (store) => store.join('subject', 'sport', { maxMembers: 1_000_000, maxChannels: 100 }),
  touch: (store) => store.touch('subject', Date.now()),
  findMany: (store) => store.findMany(['subject', 'member1', 'nobody']),
  connectionsOfUser: (store) => store.connectionsOfUser('own'),
  countConnections: (store) => store.countConnections(),
  channels: (store) => collect(store.channels()),
  'staleBefore, with none': (store) => collect(store.staleBefore(0)),
  leave: (store) => store.leave('subject', 'news'),
  remove: (store) => store.remove('subject'),
  'remove again': (store) => store.remove('subject'),
  ping: (store) => store.ping(),
};

describeWithRedis('what RedisConnectionStore asks of Redis', () => {
  const redis = useRedis({ isEmptied: true });
  let store: RedisConnectionStore;

  beforeEach(async () => {
    store = new RedisConnectionStore(redis.client);
    for (const operation of Object.values(OPERATIONS)) await operation(store);
    await fill(0, 100);
    await collect(store.connections());
    await collect(store.members('news'));
  });

  const fill = async (from: number, to: number): Promise<void> => {
    const ids = Array.from({ length: to - from }, (_, index) => `member${from + index}`);
    await Promise.all(ids.map((id) => store.add({ ...connection(id, 'ada'), connectedAt: Date.now() })));
    await Promise.all(ids.map((id) => store.join(id, 'news')));
  };

  const callsOf = async (work: () => Promise<unknown>): Promise<Calls> => {
    await redis.client.configResetStat();
    await work();
    const statistics = await redis.client.info('commandstats');
    const calls = [...statistics.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(
      ([, command = '', count]) => [command, Number(count)] as const,
    );
    return Object.fromEntries(calls.filter(([command]) => !command.startsWith('config')));
  };

  it('is one round trip for each operation, whose commands do not depend on how many are connected', async () => {
    const withFew: Record<string, Calls> = {};
    for (const [name, operation] of Object.entries(OPERATIONS)) withFew[name] = await callsOf(() => operation(store));
    await fill(100, 3_000);
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const calls = await callsOf(() => operation(store));
      expect([name, calls]).toEqual([name, withFew[name]]);
      // Channels are listed after a look for expired members, which must not be counted.
      expect([name, calls['evalsha'], calls['eval']]).toEqual([name, name === 'channels' ? 2 : 1, undefined]);
    }
  });

  it('is never a whole set in one command, and a page of at most some hundreds at a time', async () => {
    await fill(100, 3_000);
    for (const list of [
      () => collect(store.connections()),
      () => collect(store.members('news')),
      () => store.connectionsOfUser('ada'),
      () => collect(store.staleBefore(Date.now() + 1)),
    ]) {
      let listed = 0;
      const calls = await callsOf(async () => (listed = (await list()).length));
      expect(listed).toBe(3_000);
      expect(calls['evalsha']).toBeGreaterThanOrEqual(3);
      for (const command of ['smembers', 'keys', 'scan', 'hgetall', 'sort', 'eval'])
        expect([command, calls[command]]).toEqual([command, undefined]);
    }
  });
});
