import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { RedisConnectionStore } from '../../src/index.js';
import { connectTestClient, keysOf, type TestRedisClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { expectExactlyTen, expectTruePresence, type ChannelTarget } from './channel.crowd.js';
import { killWorkers } from './worker.process.js';

describeWithRedis('channels that four processes serve, on one Redis', () => {
  let redis: RedisServer;
  let client: TestRedisClient;

  beforeEach(async () => {
    redis = await RedisServer.start();
    client = await connectTestClient(redis.url);
  });

  afterEach(async () => {
    await killWorkers();
    client.destroy();
    await redis.kill();
  });

  const target = (rounds: number): ChannelTarget => ({
    kind: 'redis',
    url: redis.url,
    store: new RedisConnectionStore(client, { timeoutMs: 60_000 }),
    rounds,
  });

  it('take exactly ten of fifty clients who join one with room for ten at once', async () => {
    await expectExactlyTen(target(20));
  }, 120_000);

  it('know who is present after random joins and leaves, and after two of the processes were killed', async () => {
    await expectTruePresence(target(4));
    // Entries of those who were killed between a leave and its exit may be left, until others enter; of no member is anything known.
    expect((await keysOf(client)).filter((key) => key.startsWith('websocket:members:'))).toEqual([]);
  }, 120_000);
});
