import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from '@jest/globals';
import { RedisConnectionStore, StoreUnavailableError } from '../../src/index.js';
import { redisAtUrl } from '../../src/stores/redis/url.client.js';
import { ManualClock } from '../support/manual.clock.js';
import { lifetimesOf } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { broadcastLedgerContract } from './ledger.contract.js';

describeWithRedis('broadcasts in Redis', () => {
  const redis = useRedis();
  const clock = new ManualClock();

  const opened: RedisConnectionStore[] = [];

  const open = (keyPrefix: string) => {
    const store = new RedisConnectionStore(redis.client, { keyPrefix, clock });
    opened.push(store);
    return store.broadcasts();
  };

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  broadcastLedgerContract('RedisBroadcastLedger', () => {
    const keyPrefix = `${randomUUID()}:`;
    return { clock, ledgers: [open(keyPrefix), open(keyPrefix)] };
  });

  it('are dropped by Redis itself a day after they were opened, whatever happens to them meanwhile', async () => {
    await redis.client.flushAll();
    const ledger = open('app:');
    const broadcastId = randomUUID();
    await ledger.open(broadcastId);
    await redis.client.pExpire(`app:broadcast:${broadcastId}`, 5_000_000);
    await ledger.claim({ broadcastId, shard: 0, token: 'a' }, 1_000);
    await ledger.settle({ broadcastId, shard: 0, token: 'a' }, { delivered: 1, gone: 0, throttled: 0, failed: 0 });
    await ledger.seal(broadcastId, 1, 1);
    const lifetime = (await lifetimesOf(redis.client))[`app:broadcast:${broadcastId}`] as number;
    expect(lifetime).toBeGreaterThan(4_000_000);
    expect(lifetime).toBeLessThanOrEqual(5_000_000);
  });

  it('expire as well when the first that is heard of one is a claim', async () => {
    await redis.client.flushAll();
    const broadcastId = randomUUID();
    await open('app:').claim({ broadcastId, shard: 0, token: 'a' }, 1_000);
    expect((await lifetimesOf(redis.client))[`app:broadcast:${broadcastId}`]).toBeGreaterThan(80_000_000);
  });

  it('are an error while Redis is away, never an empty report', async () => {
    const server = await RedisServer.start();
    const store = new RedisConnectionStore(
      await redisAtUrl(server.url, { onLost: () => undefined, onBack: () => undefined }),
      {
        timeoutMs: 200,
      },
    );
    await store.ping();
    await server.kill();
    await expect(store.broadcasts().report('b')).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.broadcasts().claim({ broadcastId: 'b', shard: 0, token: 'a' }, 1)).rejects.toMatchObject({
      operation: 'claim a shard of a broadcast',
    });
    await store.close();
  });
});
