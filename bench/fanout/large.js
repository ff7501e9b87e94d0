import { RedisConnectionStore } from 'nestjs-apigateway-websocket';
import { FROM_REDIS, OURS } from './arms/arms.js';
import { connection, forEachIndex } from '../state/population.js';
import { RedisServer } from '../state/redis-server.js';
import { Samples } from '../state/samples.js';
import { SenderProcess } from './sender-process.js';

export const MEMORY_SENDS = 50_000;

/** What one call with so many recipients takes of memory, in processes that have sent a few thousand messages before. */
export async function measureMemory(server, rounds) {
  const samples = new Samples();
  await server.configure({});
  for (let round = 0; round < rounds; round++) {
    const sender = await SenderProcess.start({ arm: OURS, sizeBytes: 200, endpoint: server.endpoint });
    await sender.round(5_000);
    samples.add(OURS, MEMORY_SENDS, round, await server.during(() => sender.round(MEMORY_SENDS, true)));
    await sender.stop();
  }
  return samples;
}

/** One message to everyone in Redis, in a process that does nothing else. */
export async function measureFromRedis(server, size) {
  const redis = await RedisServer.start();
  try {
    const store = new RedisConnectionStore(await redis.connect());
    await forEachIndex(size, 256, (index) => store.add(connection(index)));
    await server.configure({});
    const setup = { arm: FROM_REDIS, sizeBytes: 200, endpoint: server.endpoint, redisUrl: redis.url };
    const sender = await SenderProcess.start(setup);
    const figures = await server.during(() => sender.round(size, true));
    await sender.stop();
    return figures;
  } finally {
    await redis.stop();
  }
}
