import { createHash } from 'node:crypto';
import { afterEach, expect, it } from '@jest/globals';
import { InvalidNameError, RedisConnectionStore } from '../../src/index.js';
import { HOSTILE_NAMES } from '../contract/hostile-names.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { keysOf, lifetimesOf, typesOf, valuesOf } from '../support/redis.keys.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { connection } from './caches.js';

const EXPIRE_AFTER_SECONDS = 600;
const LONGEST_LIFE_MS = EXPIRE_AFTER_SECONDS * 1_000 + 3_600_000;

/** The key of a user, as the documentation of the store has it. */
function keyOfUser(userId: string, prefix = 'websocket:'): string {
  return `${prefix}users:${createHash('sha1').update(userId).digest().readUInt16BE(0) % 16_384}`;
}

/** What stands for a user in that key. */
function hashOf(userId: string): string {
  return createHash('sha1').update(userId).digest('hex').slice(4, 16);
}

describeWithRedis('what RedisConnectionStore keeps', () => {
  const redis = useRedis({ isEmptied: true });

  afterEach(stopApplications);

  const open = (keyPrefix?: string) =>
    new RedisConnectionStore(redis.client, {
      expireAfterSeconds: EXPIRE_AFTER_SECONDS,
      ...(keyPrefix !== undefined && { keyPrefix }),
    });

  it('is the documented keys, each of its type', async () => {
    const store = open();
    await store.add({ ...connection('A=', 'ada'), endpoint: 'https://abc.execute-api.eu-west-1.amazonaws.com/prod' });
    await store.add(connection('B='));
    await store.join('A=', 'news');
    await store.join('A=', 'a:b');
    await store.remove('B=');
    expect(await typesOf(redis.client)).toEqual({
      'websocket:connections': 'zset',
      'websocket:connection:A=': 'hash',
      'websocket:channels': 'set',
      'websocket:channels:news': 'set',
      'websocket:channels:a%3Ab': 'set',
      [keyOfUser('ada')]: 'zset',
      'websocket:removed:B=': 'string',
    });
    expect(await valuesOf(redis.client)).toMatchObject({
      'websocket:connections': [{ value: 'A=', score: 1_767_225_600_000 }],
      'websocket:connection:A=': {
        at: '1767225600000',
        user: 'ada',
        endpoint: 'abc.eu-west-1/prod',
        until: expect.stringMatching(/^\d{13}$/),
        '#news': '1',
        '#a%3Ab': '2',
      },
      'websocket:channels': ['a%3Ab', 'news'],
      'websocket:channels:news': ['A='],
      [keyOfUser('ada')]: [{ value: `${hashOf('ada')} A=`, score: 0 }],
      'websocket:removed:B=': expect.stringMatching(/^\d{13} /),
    });
  });

  it('expires, every key of it and after every operation, so that a store that nobody uses empties', async () => {
    const store = open();
    const steps: (() => Promise<unknown>)[] = [
      () => store.add(connection('a', 'ada')),
      () => store.join('a', 'news'),
      () => store.join('a', 'sport'),
      () => store.ensure(connection('b', 'bob')),
      () => store.join('b', 'news'),
      () => store.leave('a', 'news'),
      () => store.touch('a', Date.now()),
      () => store.countConnections(),
      () => store.connectionsOfUser('ada'),
      () => store.remove('b'),
      () => store.remove('a'),
    ];
    for (const step of steps) {
      await step();
      for (const [key, lifetime] of Object.entries(await lifetimesOf(redis.client))) {
        expect([key, lifetime > 0 && lifetime <= LONGEST_LIFE_MS]).toEqual([key, true]);
        if (key.includes(':removed:')) expect(lifetime).toBeLessThanOrEqual(60_000);
      }
    }
    expect(await keysOf(redis.client)).toEqual(['websocket:removed:a', 'websocket:removed:b']);
  });

  it('lives on as a whole where a connection is touched', async () => {
    const store = open();
    await store.add(connection('a', 'ada'));
    await store.join('a', 'news');
    for (const key of await keysOf(redis.client)) await redis.client.pExpire(key, 1_000);
    await store.touch('a', Date.now());
    const lifetimes = await lifetimesOf(redis.client);
    expect(Object.keys(lifetimes)).toHaveLength(5);
    for (const [key, lifetime] of Object.entries(lifetimes)) expect([key, lifetime > 3_600_000]).toEqual([key, true]);
  });

  it('is nothing of another prefix', async () => {
    const stores = [open('one:'), open('two:')] as const;
    for (const store of stores) {
      await store.add(connection('a', 'ada'));
      await store.join('a', 'news');
    }
    const ofTwo = async () =>
      Object.fromEntries(Object.entries(await valuesOf(redis.client)).filter(([key]) => key.startsWith('two:')));
    const before = await ofTwo();
    expect(Object.keys(before)).toHaveLength(5);
    const [one, two] = stores;
    await one.join('a', 'sport');
    await one.add(connection('b', 'ada'));
    await one.touch('a', Date.now());
    await one.remove('a');
    expect(await ofTwo()).toEqual(before);
    expect((await keysOf(redis.client)).filter((key) => !/^(one|two):/.test(key))).toEqual([]);
    await expect(two.connectionsOfUser('ada')).resolves.toEqual(['a']);
    await expect(one.connectionsOfUser('ada')).resolves.toEqual(['b']);
  });

  it.each(HOSTILE_NAMES)('changes no other key for a connection, a user and a channel called %j', async (hostile) => {
    const store = open();
    await redis.client.set('a', 'application');
    await redis.client.set('connections', 'application');
    await store.add(connection('bystander', 'bystander'));
    await store.join('bystander', 'bystanders');
    const before = await valuesOf(redis.client);
    await store.add(connection(hostile, hostile));
    await store.join(hostile, hostile);
    expect(await valuesOf(redis.client)).toMatchObject({
      ...before,
      'websocket:connections': expect.any(Array),
      'websocket:channels': expect.any(Array),
    });
    // Record and members; the index of users is shared by hash.
    expect((await keysOf(redis.client)).length - Object.keys(before).length).toBeGreaterThanOrEqual(2);
    await store.touch(hostile, Date.now());
    await store.leave(hostile, hostile);
    await store.join(hostile, hostile);
    await store.remove(hostile);
    const { [tombstoneIn(await keysOf(redis.client))]: removedAt, ...after } = await valuesOf(redis.client);
    expect(removedAt).toMatch(/^\d{13} /);
    expect(after).toEqual(before);
  });

  it('is nothing at all for a name of a megabyte', async () => {
    const { manager } = await startApplication({ options: { redis: { client: redis.client } } });
    const connectionId = newConnectionId();
    const long = 'x'.repeat(1_048_576);
    expect(await manager.handle(connect({ connectionId }))).toMatchObject({ statusCode: 200 });
    const before = await valuesOf(redis.client);
    await expect(manager.joinChannel(connectionId, long)).rejects.toBeInstanceOf(InvalidNameError);
    await expect(manager.joinChannel(long, 'news')).resolves.toBe(false);
    await expect(manager.leaveChannel(long, 'news')).resolves.toBe(false);
    await expect(manager.getConnectionsByUserId(long)).resolves.toEqual([]);
    await expect(manager.getConnectionsByChannel(long)).resolves.toEqual([]);
    expect(await manager.handle(connect({ connectionId: long }))).toMatchObject({ statusCode: 400 });
    expect(await valuesOf(redis.client)).toEqual(before);
  });
});

function tombstoneIn(keys: readonly string[]): string {
  const tombstones = keys.filter((key) => key.startsWith('websocket:removed:'));
  expect(tombstones).toHaveLength(1);
  return tombstones[0] ?? '';
}
