import { randomUUID } from 'node:crypto';
import { createCluster } from '@redis/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisConnectionStore, StoreUnavailableError } from '../../src/index.js';
import { HOSTILE_NAMES } from '../contract/hostile-names.js';
import { collect } from '../contract/store.harness.js';
import { Wire } from '../contract/wire.js';
import { ManualClock } from '../support/manual.clock.js';
import { RedisCluster } from '../support/redis.cluster.js';
import { connectTestClient, keysOf, lifetimesOf, typesOf, type TestRedisClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { overWire } from '../support/wired.client.js';
import { ledgersContract } from './ledgers.contract.js';
import { joinedTo } from './ledgers.harness.js';

const LOBBY = 'presence-lobby';
const BOUNDS = { maxMessages: 100, maxAgeMs: 60_000 };

async function closeAll(...stores: readonly RedisConnectionStore[]): Promise<void> {
  await Promise.all(stores.map((store) => store.close()));
}

describeWithRedis('the ledgers in Redis', () => {
  let redis: RedisServer;
  let client: TestRedisClient;
  let otherClient: TestRedisClient;

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = await connectTestClient(redis.url);
    otherClient = await connectTestClient(redis.url);
  });

  afterAll(async () => {
    client.destroy();
    otherClient.destroy();
    await redis.kill();
  });

  ledgersContract('RedisConnectionStore', async () => {
    const clock = new ManualClock();
    const keyPrefix = `${randomUUID()}:`;
    const store = new RedisConnectionStore(client, { keyPrefix, clock });
    const other = new RedisConnectionStore(otherClient, { keyPrefix, clock });
    return { store, other, clock, stop: () => closeAll(store, other) };
  });

  describe('and what is in it', () => {
    const clock = new ManualClock();
    const wire = new Wire();
    let store: RedisConnectionStore;

    beforeEach(async () => {
      await client.flushAll();
      store = new RedisConnectionStore(overWire(client, wire, ['evalSha', 'eval']), { clock });
    });

    afterEach(() => store.close());

    const enter = (connectionId: string, memberId: string) =>
      store.presence().enter(LOBBY, connectionId, { memberId, info: '{}' });

    /** Loses the answer to the next script. */
    const loseAnswer = (): void => {
      let isLost = false;
      wire.intercept(async (_, perform) => {
        const answer = await perform();
        if (isLost) return answer;
        isLost = true;
        throw new Error('The connection was closed.');
      });
    };

    afterEach(() => wire.intercept(null));

    const fill = async (name: string): Promise<void> => {
      await joinedTo({ store, clock }, name, [name]);
      await store.presence().enter(name, name, { memberId: name, info: '{}' });
      await store.history().append(name, 'm1', BOUNDS);
      await store.claims().claim(name, 'v', 60_000);
      await store.answers().open(name, 60_000);
      await store.answers().put(name, { connectionId: name, answer: '1' });
    };

    it('is the documented keys, each of its type', async () => {
      await fill('a:b');
      expect(await typesOf(client)).toMatchObject({
        'websocket:presence:a%3Ab': 'zset',
        'websocket:members:a%3Ab': 'hash',
        'websocket:stream:a%3Ab': 'hash',
        'websocket:history:a%3Ab': 'list',
        'websocket:claim:a%3Ab': 'string',
        'websocket:question:a%3Ab': 'string',
        'websocket:answers:a%3Ab': 'list',
        'websocket:answered:a%3Ab': 'set',
      });
    });

    it('expires, every key of it, and an open question is not kept longer by its answers', async () => {
      for (const name of HOSTILE_NAMES) await fill(name);
      const lifetimes = await lifetimesOf(client);
      for (const [key, lifetime] of Object.entries(lifetimes)) expect([key, lifetime > 0]).toEqual([key, true]);
      for (const kind of ['claim', 'question', 'answers', 'answered', 'history'])
        expect([kind, lifetimes[`websocket:${kind}:a`] as number]).toEqual([kind, expect.any(Number)]);
      for (const [key, lifetime] of Object.entries(lifetimes))
        if (/:(claim|question|answers|answered|history):/.test(key)) expect(lifetime).toBeLessThanOrEqual(60_000);
      expect(lifetimes['websocket:stream:a']).toBeGreaterThan(86_400_000);
      expect(lifetimes['websocket:stream:a']).toBeLessThanOrEqual(86_460_000);
    });

    it('lives on with the connections that are in it', async () => {
      await fill('a');
      for (const kind of ['presence', 'members']) await client.pExpire(`websocket:${kind}:a`, 1_000);
      await store.touch('a', clock.now());
      const lifetimes = await lifetimesOf(client);
      for (const kind of ['presence', 'members']) expect(lifetimes[`websocket:${kind}:a`]).toBeGreaterThan(3_600_000);
    });

    it('leaves nothing of presence when all have exited', async () => {
      for (const name of ['a', 'b']) await joinedTo({ store, clock }, name, [LOBBY]);
      await enter('a', 'ada');
      await enter('b', 'ada');
      await store.presence().exit(LOBBY, 'a', 'ada');
      await store.remove('b');
      await store.presence().exit(LOBBY, 'b', 'ada');
      expect((await keysOf(client)).filter((key) => /:(presence|members):/.test(key))).toEqual([]);
    });

    it('loses those by and by who ended without an exit a minute ago, and nobody else', async () => {
      for (let number = 0; number < 100; number++) {
        await joinedTo({ store, clock }, `c${number}`, [LOBBY]);
        await enter(`c${number}`, `m${number}`);
        if (number >= 10) await store.remove(`c${number}`);
      }
      expect(await client.zCard(`websocket:presence:${LOBBY}`)).toBe(100);
      for (const key of await client.keys('websocket:removed:*')) await client.del(key);
      for (let attempt = 0; attempt < 2_000; attempt++) await enter('c0', 'm0');
      expect(await client.zCard(`websocket:presence:${LOBBY}`)).toBe(10);
      expect(await client.hLen(`websocket:members:${LOBBY}`)).toBe(10);
      expect(await store.presence().count(LOBBY)).toBe(10);
    });

    it('tells who appeared and who vanished also when the first answer was lost', async () => {
      await joinedTo({ store, clock }, 'a', [LOBBY]);
      loseAnswer();
      expect(await enter('a', 'ada')).toBe('appeared');
      loseAnswer();
      expect(await store.presence().exit(LOBBY, 'a', 'ada')).toBe('vanished');
      expect(await store.presence().count(LOBBY)).toBe(0);
    });

    it('tells of a member who was there by another connection that they were, also when the first answer was lost', async () => {
      for (const name of ['a', 'b']) await joinedTo({ store, clock }, name, [LOBBY]);
      await enter('a', 'ada');
      loseAnswer();
      expect(await enter('b', 'ada')).toBe('present');
      loseAnswer();
      expect(await store.presence().exit(LOBBY, 'b', 'ada')).toBe('present');
    });

    it('gives a claim to its caller, and takes an answer once, also when the first answer was lost', async () => {
      loseAnswer();
      expect(await store.claims().claim('r1', 'one', 60_000)).toBeNull();
      expect(await store.claims().claim('r1', 'one', 60_000)).toBe('one');
      await store.answers().open('q1', 60_000);
      loseAnswer();
      expect(await store.answers().put('q1', { connectionId: 'a', answer: '1' })).toBe('taken');
      expect(await store.answers().read('q1', 0)).toHaveLength(1);
    });

    it('has a message once whose answer was lost, and the caller learns that nobody knows', async () => {
      await store.history().append('news', 'm1', BOUNDS);
      loseAnswer();
      await expect(store.history().append('news', 'm2', BOUNDS)).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(await store.history().last('news', 10, 60_000)).toMatchObject({
        offset: 2,
        messages: [{ message: 'm1' }, { message: 'm2' }],
      });
    });

    it('never continues a stream of which Redis lost a part', async () => {
      const { epoch } = await store.history().append('news', 'm1', BOUNDS);
      await store.history().append('news', 'm2', BOUNDS);
      await client.del('websocket:history:news');
      expect(await store.history().since('news', { epoch, offset: 0 }, 10, 60_000)).toBeNull();
      expect(await store.history().last('news', 10, 60_000)).toEqual({ epoch, offset: 2, messages: [] });
      await store.history().append('news', 'm3', BOUNDS);
      expect(await store.history().since('news', { epoch, offset: 1 }, 10, 60_000)).toBeNull();
      expect(await store.history().since('news', { epoch, offset: 2 }, 10, 60_000)).toMatchObject({ offset: 3 });
      await client.del('websocket:stream:news');
      const next = await store.history().append('news', 'm1', BOUNDS);
      expect(next).toEqual({ epoch: expect.not.stringMatching(epoch), offset: 1 });
      expect(await store.history().last('news', 10, 60_000)).toMatchObject({ messages: [{ message: 'm1' }] });
    });

    it('costs one script to enter, exit, append, read, claim and answer', async () => {
      await joinedTo({ store, clock }, 'a', [LOBBY]);
      const { epoch } = await store.history().append(LOBBY, 'm1', BOUNDS);
      await store.answers().open('q1', 60_000);
      const steps: Readonly<Record<string, () => Promise<unknown>>> = {
        enter: () => enter('a', 'ada'),
        exit: () => store.presence().exit(LOBBY, 'a', 'ada'),
        count: () => store.presence().count(LOBBY),
        append: () => store.history().append(LOBBY, 'm2', BOUNDS),
        since: () => store.history().since(LOBBY, { epoch, offset: 1 }, 10, 60_000),
        last: () => store.history().last(LOBBY, 10, 60_000),
        claim: () => store.claims().claim('r1', 'v', 60_000),
        release: () => store.claims().release('r1'),
        put: () => store.answers().put('q1', { connectionId: 'a', answer: '1' }),
        read: () => store.answers().read('q1', 0),
        close: () => store.answers().close('q1'),
      };
      // The first time Redis does not know the script.
      for (const step of Object.values(steps)) await step();
      await store.answers().open('q1', 60_000);
      for (const [name, step] of Object.entries(steps)) {
        const requests: string[] = [];
        wire.intercept(async (request, perform) => (requests.push(request), perform()));
        await step();
        expect([name, requests.length]).toEqual([name, 1]);
      }
    });
  });

  it('are an error while Redis is away, never an empty answer', async () => {
    const server = await RedisServer.start();
    const lost = await connectTestClient(server.url);
    lost.on('error', () => undefined);
    const store = new RedisConnectionStore(lost, { timeoutMs: 200 });
    await store.ping();
    await server.kill();
    const attempts: Promise<unknown>[] = [
      store.presence().enter(LOBBY, 'a', { memberId: 'ada', info: '{}' }),
      store.presence().exit(LOBBY, 'a', 'ada'),
      store.presence().count(LOBBY),
      collect(store.presence().members(LOBBY)),
      store.history().append('news', 'm1', BOUNDS),
      store.history().since('news', { epoch: 'e', offset: 0 }, 10, 60_000),
      store.history().last('news', 10, 60_000),
      store.claims().claim('r1', 'v', 60_000),
      store.claims().release('r1'),
      store.answers().open('q1', 60_000),
      store.answers().put('q1', { connectionId: 'a', answer: '1' }),
      store.answers().read('q1', 0),
      store.answers().close('q1'),
    ];
    for (const { status, ...rest } of await Promise.allSettled(attempts))
      expect([status, 'reason' in rest && rest.reason]).toEqual(['rejected', expect.any(StoreUnavailableError)]);
    await store.close();
    lost.destroy();
  });

  it('are on one node of a Redis Cluster', async () => {
    const cluster = await RedisCluster.start();
    const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
    await client.connect();
    try {
      const clock = new ManualClock();
      const store = new RedisConnectionStore(client, { clock });
      for (const channel of ['presence-a', 'presence-b', 'presence-{x}']) {
        await joinedTo({ store, clock }, `c-${channel}`, [channel]);
        expect(await store.presence().enter(channel, `c-${channel}`, { memberId: 'ada', info: '{}' })).toBe('appeared');
        expect(await store.presence().count(channel)).toBe(1);
        expect(await store.history().append(channel, 'm1', BOUNDS)).toMatchObject({ offset: 1 });
        expect(await store.claims().claim(channel, 'v', 60_000)).toBeNull();
        await store.answers().open(channel, 60_000);
        expect(await store.answers().put(channel, { connectionId: 'a', answer: '1' })).toBe('taken');
        expect(await store.answers().read(channel, 0)).toHaveLength(1);
      }
      await store.close();
    } finally {
      client.destroy();
      await cluster.kill();
    }
  });
});
