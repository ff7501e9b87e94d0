import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { createClient, createSentinel } from '@redis/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { RedisConnectionStore, StoreUnavailableError } from '../../src/index.js';
import { redisBehind } from '../../src/stores/redis/keyv-redis.js';
import { redisAtUrl } from '../../src/stores/redis/url.client.js';
import { RedisSentinel } from '../support/redis.sentinel.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { connection } from './caches.js';

const TIMEOUT_MS = 300;

describeWithRedis('the way to Redis', () => {
  let redis: RedisServer;
  const clients: { readonly isOpen: boolean; destroy(): void }[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  beforeEach(async () => {
    await redis.kill();
    await redis.restart();
  });

  afterEach(() => {
    for (const client of clients.splice(0)) if (client.isOpen) client.destroy();
  });

  afterAll(() => redis.kill());

  const newClient = (options: Parameters<typeof createClient>[0] = {}) => {
    const client = createClient({ url: redis.url, ...options });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };

  it('is found again when the client was closed in the middle of an outage', async () => {
    const client = newClient();
    const store = new RedisConnectionStore(client, { timeoutMs: TIMEOUT_MS });
    await store.add(connection('a'));
    await redis.kill();
    await expect(store.findMany(['a'])).rejects.toBeInstanceOf(StoreUnavailableError);
    client.destroy();
    await expect(store.findMany(['a'])).rejects.toBeInstanceOf(StoreUnavailableError);
    await redis.restart();
    await expect(untilAnswered(() => store.findMany(['a']))).resolves.toEqual([null]);
  });

  it('is found again when the client has given up reconnecting', async () => {
    const client = newClient({ socket: { reconnectStrategy: (retries) => (retries < 2 ? 10 : false) } });
    const store = new RedisConnectionStore(client, { timeoutMs: TIMEOUT_MS });
    await store.add(connection('a'));
    await redis.kill();
    await expect(store.findMany(['a'])).rejects.toBeInstanceOf(StoreUnavailableError);
    await redis.restart();
    await expect(untilAnswered(() => store.findMany(['a']))).resolves.toEqual([null]);
  });

  it('leads through the client that stands in for one that was closed', async () => {
    let client = newClient();
    const source = { client: () => client, open: () => client.connect() };
    const store = new RedisConnectionStore(source, { timeoutMs: TIMEOUT_MS });
    await store.add(connection('a'));
    client.destroy();
    client = newClient();
    await expect(store.findMany(['a'])).resolves.toEqual([connection('a')]);
  });

  it('is asked by many at once before it is open', async () => {
    const store = new RedisConnectionStore(newClient(), { timeoutMs: TIMEOUT_MS });
    const ids = Array.from({ length: 100 }, (_, index) => String(index));
    await expect(Promise.all(ids.map((id) => store.add(connection(id))))).resolves.toEqual(ids.map(() => true));
  });

  it('ends when the store is closed, and is not opened again', async () => {
    const source = await redisAtUrl(redis.url, { onLost: () => undefined, onBack: () => undefined });
    const store = new RedisConnectionStore(source, { timeoutMs: TIMEOUT_MS });
    await store.add(connection('a'));
    await store.close();
    await expect(store.findMany(['a'])).rejects.toBeInstanceOf(StoreUnavailableError);
    expect((await source.client()).isOpen).toBe(false);
  });

  it('is taken from a cache by the client of @redis/client 5 only', () => {
    const client = newClient();
    const adapter = { client, getClient: async () => client };
    const behind = (store: object) =>
      redisBehind(createCache({ stores: [new Keyv({ store: Object.assign(new Map(), store) })] }));
    expect(behind(adapter)?.client()).toBe(client);
    expect(behind({ ...adapter, client: { evalSha: () => undefined, connect: () => undefined } })).toBeNull();
    expect(behind({})).toBeNull();
  });

  it('is walked again when the server closed it while nobody looked, without the caller noticing', async () => {
    const client = newClient();
    const store = new RedisConnectionStore(client, { timeoutMs: 5_000 });
    const admin = await newClient().connect();
    const user = { ...connection('a'), userId: 'ada' };
    // Closed before the answer, whether or not it had happened by then.
    const whileClosing = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
      const answer = call();
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      return answer;
    };
    for (let round = 0; round < 20; round++) {
      await expect(whileClosing(() => store.add(user))).resolves.toBe(true);
      await expect(whileClosing(() => store.findMany(['a']))).resolves.toEqual([user]);
      await expect(whileClosing(() => store.remove('a'))).resolves.toEqual(user);
      await expect(whileClosing(() => store.remove('a'))).resolves.toBeNull();
    }
  });

  it.each(['add', 'remove'] as const)('gives the answer of %s that was lost on it', async (operation) => {
    const client = newClient();
    await client.connect();
    let losses = 0;
    const lossy = {
      isOpen: true,
      isReady: true,
      connect: () => Promise.resolve(),
      on: () => undefined,
      off: () => undefined,
      withCommandOptions: () => ({
        eval: client.eval.bind(client),
        evalSha: async (...call: Parameters<typeof client.evalSha>) => {
          const answer = await client.evalSha(...call).catch(() => client.eval('return 0'));
          if (losses-- > 0) throw new Error('Socket closed unexpectedly');
          return answer;
        },
      }),
    };
    const store = new RedisConnectionStore(client);
    const lossyStore = new RedisConnectionStore(lossy);
    const user = { ...connection('a'), userId: 'ada', channels: [] };
    // So that Redis knows the scripts.
    await store.add(user);
    await store.join('a', 'news');
    await store.remove('a');
    losses = 1;
    if (operation === 'add') {
      await expect(lossyStore.add(user)).resolves.toBe(true);
      await expect(lossyStore.add(user)).resolves.toBe(false);
    } else {
      await store.add(user);
      await store.join('a', 'news');
      await expect(lossyStore.remove('a')).resolves.toEqual({ ...user, channels: ['news'] });
      await expect(lossyStore.remove('a')).resolves.toBeNull();
    }
  });

  it('leads to the new primary of an address whose old one became its replica, also for many at once', async () => {
    const successor = await RedisServer.start();
    let primary = redis.port;
    const address = createServer((socket) => {
      const upstream = connect(primary, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const end of [socket, upstream]) end.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(address, 'listening');
    const { port } = address.address() as AddressInfo;
    const source = await redisAtUrl(`redis://127.0.0.1:${port}`, { onLost: () => undefined, onBack: () => undefined });
    const store = new RedisConnectionStore(source, { timeoutMs: 5_000 });
    try {
      await store.add(connection('a'));
      const admin = await newClient().connect();
      await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(successor.port)]);
      primary = successor.port;
      const ids = Array.from({ length: 50 }, (_, index) => `b${index}`);
      await expect(Promise.all(ids.map((id) => store.add(connection(id))))).resolves.toEqual(ids.map(() => true));
      await expect(store.countConnections()).resolves.toBe(50);
    } finally {
      await store.close();
      address.close();
      await successor.kill();
    }
  });

  it('says what is wrong with a replica, and does not try for long', async () => {
    const admin = await newClient().connect();
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    const ofOurs = new RedisConnectionStore(
      await redisAtUrl(redis.url, { onLost: () => undefined, onBack: () => undefined }),
      { timeoutMs: 5_000 },
    );
    const ofTheirs = new RedisConnectionStore(newClient(), { timeoutMs: 5_000 });
    for (const store of [ofOurs, ofTheirs]) {
      await expect(store.add(connection('a'))).rejects.toThrow(/this Redis is a replica, so name the primary/);
      await store.close();
    }
  });

  it('may go through Sentinel', async () => {
    const sentinel = await RedisSentinel.start(redis.port);
    const client = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }] });
    client.on('error', () => undefined);
    const connecting = client.connect();
    const store = new RedisConnectionStore(client, { timeoutMs: 5_000 });
    await expect(store.add(connection('a'))).resolves.toBe(true);
    await connecting;
    void client.destroy();
    await sentinel.stop();
  });
});

/** The first answer: while the way is being found, calls are refused. */
async function untilAnswered<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailableError);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
