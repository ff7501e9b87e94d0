import { createClient, RESP_TYPES } from '@redis/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RedisConnectionStore, StoreUnavailableError, type RedisStoreClient } from '../../src/index.js';
import { describeError } from '../../src/logging/error.description.js';
import { redisAtUrl } from '../../src/stores/redis/url.client.js';
import { collect } from '../contract/store.harness.js';
import { keysOf, type TestRedisClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { connection } from './caches.js';

describeWithRedis('RedisConnectionStore', () => {
  const redis = useRedis({ isEmptied: true });
  const stores: RedisConnectionStore[] = [];
  const clients: { readonly isOpen: boolean; destroy(): void }[] = [];

  afterEach(async () => {
    redis.server.resume();
    await Promise.all(stores.splice(0).map((store) => store.close()));
    for (const client of clients.splice(0)) if (client.isOpen) client.destroy();
  });

  const keptStore = (store: RedisConnectionStore): RedisConnectionStore => {
    stores.push(store);
    return store;
  };

  const kept = <Client extends { readonly isOpen: boolean; destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };

  const failureOf = async (work: Promise<unknown>): Promise<StoreUnavailableError> => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StoreUnavailableError);
    return error as StoreUnavailableError;
  };

  it.each<{ kind: string; create: () => RedisStoreClient & { readonly isOpen: boolean; destroy(): void } }>([
    { kind: 'speaks RESP 3', create: () => createClient({ url: redis.url, RESP: 3 }) },
    {
      kind: 'answers with buffers',
      create: () =>
        createClient({
          url: redis.url,
          commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer } },
        }),
    },
    {
      kind: 'refuses commands while it has no connection',
      create: () => createClient({ url: redis.url, disableOfflineQueue: true }),
    },
  ])('works over a client of the application that $kind', async ({ create }) => {
    const store = new RedisConnectionStore(kept(create()));
    await expect(store.add(connection('a', 'ada'))).resolves.toBe(true);
    await expect(store.join('a', 'news')).resolves.toBe('joined');
    await expect(store.findMany(['a'])).resolves.toEqual([{ ...connection('a', 'ada'), channels: ['news'] }]);
    await expect(store.connectionsOfUser('ada')).resolves.toEqual(['a']);
    await expect(collect(store.members('news'))).resolves.toEqual(['a']);
    await expect(collect(store.channels())).resolves.toEqual([{ channel: 'news', members: 1 }]);
    await expect(collect(store.staleBefore(Date.now()))).resolves.toEqual(['a']);
    await expect(store.ensure(connection('a'))).resolves.toBe('present');
    await expect(store.remove('a')).resolves.toMatchObject({ channels: ['news'] });
  });

  it('leave one listener on a client of the application, however many they are, and none when they are closed', async () => {
    const warned = jest.fn();
    process.on('warning', warned);
    const client = kept(createClient({ url: redis.url }));
    const before = client.listenerCount('error');
    const all = Array.from({ length: 12 }, (_, index) =>
      keptStore(new RedisConnectionStore(client, { keyPrefix: `${index}:` })),
    );
    await Promise.all(all.map((store) => store.add(connection('a'))));
    expect(client.listenerCount('error')).toBe(before + 1);
    const [last, ...others] = all;
    await Promise.all(others.map((store) => store.close()));
    expect(client.listenerCount('error')).toBe(before + 1);
    await last!.close();
    expect(client.listenerCount('error')).toBe(before);
    const next = keptStore(new RedisConnectionStore(client));
    await next.add(connection('a'));
    expect(client.listenerCount('error')).toBe(before + 1);
    await new Promise(setImmediate);
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  it('connects a client that is not, at the first operation and again after it was closed', async () => {
    const client = kept(createClient({ url: redis.url }));
    const store = new RedisConnectionStore(client);
    expect(client.isOpen).toBe(false);
    await Promise.all([store.add(connection('a')), store.add(connection('b'))]);
    await client.close();
    await expect(store.countConnections()).resolves.toBe(2);
    await store.close();
    expect(client.isReady).toBe(true);
  });

  it('lets nothing happen later that was reported as failed, though its client had not sent it yet', async () => {
    const client = kept(createClient({ url: redis.url }));
    const store = new RedisConnectionStore(client, { timeoutMs: 100 });
    await store.add(connection('before'));
    redis.server.pause();
    // More than the socket takes while nobody reads from it, so that what is behind it waits in the client.
    const large = client.set('large', Buffer.alloc(64 * 1_048_576));
    await Promise.all([failureOf(store.add(connection('late'))), failureOf(store.remove('before'))]);
    redis.server.resume();
    await large;
    await client.ping();
    expect(await keysOf(redis.client)).toEqual(['large', 'websocket:connection:before', 'websocket:connections']);
  });

  it('lets nothing happen later that was reported as failed, though Redis had received it', async () => {
    const client = kept(createClient({ url: redis.url }));
    const store = new RedisConnectionStore(client, { timeoutMs: 100 });
    await store.add(connection('before'));
    redis.server.pause();
    await failureOf(store.add(connection('late')));
    await failureOf(store.remove('before'));
    redis.server.resume();
    await client.ping();
    expect(await keysOf(redis.client)).toEqual(['websocket:connection:before', 'websocket:connections']);
    await expect(store.add(connection('late'))).resolves.toBe(true);
  });

  it.each([
    { clock: 'an hour ahead', leadMs: 3_600_000, calls: 4 },
    { clock: 'an hour behind', leadMs: -3_600_000, calls: 3 },
  ])('works where the clock of Redis is $clock, which it finds out once', async ({ leadMs, calls }) => {
    const client = await kept(createClient({ url: redis.url })).connect();
    const shifted = shiftClock(client, leadMs);
    const store = new RedisConnectionStore(shifted.client, { timeoutMs: 1_000 });
    // Redis knows the scripts, so that only what is asked twice is counted twice.
    const known = new RedisConnectionStore(client, { keyPrefix: 'known:' });
    await known.add(connection('a'));
    await known.join('a', 'news');
    await known.countConnections();
    await expect(store.add(connection('a'))).resolves.toBe(true);
    await expect(store.join('a', 'news')).resolves.toBe('joined');
    await expect(store.countConnections()).resolves.toBe(1);
    expect(shifted.calls()).toBe(calls);
  });

  it('does not notice that Redis forgot its scripts', async () => {
    const store = new RedisConnectionStore(kept(createClient({ url: redis.url })));
    await store.add(connection('a'));
    await redis.client.scriptFlush();
    await expect(store.add(connection('b'))).resolves.toBe(true);
    await redis.client.scriptFlush();
    await expect(store.join('a', 'news')).resolves.toBe('joined');
    await redis.client.scriptFlush();
    const added = Array.from({ length: 100 }, (_, index) => store.add(connection(`many${index}`)));
    await redis.client.scriptFlush();
    await Promise.all(added);
    await expect(store.countConnections()).resolves.toBe(102);
  });

  it('tells Redis a script once, however many calls find at once that it does not know it', async () => {
    const store = new RedisConnectionStore(kept(createClient({ url: redis.url })));
    await store.add(connection('a'));
    await redis.client.scriptFlush();
    await redis.client.configResetStat();
    const added = await Promise.all(Array.from({ length: 100 }, (_, index) => store.add(connection(`many${index}`))));
    expect(added).toEqual(added.map(() => true));
    expect(await redis.client.info('commandstats')).toMatch(/^cmdstat_eval:calls=1,/m);
    await expect(store.countConnections()).resolves.toBe(101);
  });

  it('says which option to change where another application has taken a key of its own', async () => {
    const store = new RedisConnectionStore(kept(createClient({ url: redis.url })));
    await redis.client.set('websocket:connections', 'x');
    for (const work of [
      () => store.add(connection('a')),
      () => store.countConnections(),
      () => collect(store.connections()),
    ]) {
      const error = await failureOf(work());
      expect(error.message).toContain('choose another "keyPrefix"');
      expect((error.cause as Error).message).toContain('WRONGTYPE');
    }
    expect(await keysOf(redis.client)).toEqual(['websocket:connections']);
  });

  it('says that nobody listens, by the error of the client', async () => {
    const gone = await RedisServer.start();
    await gone.kill();
    const silent = { onLost: () => undefined, onBack: () => undefined };
    const store = keptStore(new RedisConnectionStore(await redisAtUrl(gone.url, silent), { timeoutMs: 200 }));
    const error = await failureOf(store.countConnections());
    expect(error.message).toContain('check that its server is up and reachable');
    expect(error.cause).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect((await failureOf(store.countConnections())).cause).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  describe('over a Redis that wants a password', () => {
    let guarded: RedisServer;

    beforeAll(async () => {
      guarded = await RedisServer.start({ arguments: ['--requirepass', 'hunter2'] });
    });

    afterAll(async () => {
      await guarded.kill();
    });

    const storeAt = async (credentials: string) => {
      const listener = { onLost: () => undefined, onBack: () => undefined };
      const url = guarded.url.replace('://', `://${credentials}`);
      return keptStore(new RedisConnectionStore(await redisAtUrl(url, listener), { timeoutMs: 500 }));
    };

    it('works with the right one', async () => {
      const store = await storeAt(':hunter2@');
      await expect(store.countConnections()).resolves.toBe(0);
    });

    it.each([
      { case: 'a wrong one', credentials: ':hunter3@' },
      { case: 'none', credentials: '' },
      { case: 'an unknown user', credentials: 'mallory:hunter2@' },
    ])('says so with $case, at once and from then on, and never repeats it', async ({ credentials }) => {
      const store = await storeAt(credentials);
      for (let attempt = 0; attempt < 3; attempt++) {
        const error = await failureOf(store.countConnections());
        expect(error.message).toContain('check its user name, its password');
        expect(`${describeError(error)} ${JSON.stringify(error)}`).not.toMatch(/hunter\d|mallory/);
      }
    });
  });
});

/** The client of a Redis whose clock is ahead of this machine's. */
function shiftClock(client: TestRedisClient, leadMs: number): { readonly client: RedisStoreClient; calls(): number } {
  let calls = 0;
  type Commands = ReturnType<RedisStoreClient['withCommandOptions']>;
  const evalSha: Commands['evalSha'] = async (sha1, { keys, arguments: [deadline, ...args] }) => {
    calls++;
    try {
      return await client.evalSha(sha1, { keys, arguments: [String(Number(deadline) - leadMs), ...args] });
    } catch (error) {
      const text = (error as Error).message;
      throw new Error(
        text.replace(/\d{13}/, (time) => String(Number(time) + leadMs)),
        { cause: error },
      );
    }
  };
  const shifted: RedisStoreClient = {
    isOpen: true,
    isReady: true,
    connect: () => client.connect(),
    on: () => undefined,
    off: () => undefined,
    withCommandOptions: () => ({ evalSha, eval: (source, options) => client.eval(source, options) }),
  };
  return { client: shifted, calls: () => calls };
}
