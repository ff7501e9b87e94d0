import { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { CacheConnectionStore } from 'nestjs-apigateway-websocket';
import { ArrayLayout } from './array-layout.js';
import { oneCaller } from './measure.js';
import { connectionId } from './population.js';
import { RedisServer } from './redis-server.js';
import { Samples } from './samples.js';

export const ARRAY = 'array';
export const CACHE_STORE = 'CacheConnectionStore';
export const REDIS_STORE = 'RedisConnectionStore';

const ROUNDS = 3;
const PROBES_OF_ARRAYS = { 1_000: 20, 10_000: 8, 100_000: 2 };
const PROBES = 500;

/**
 * What a connect and a disconnect cost where the ids of all connections are one array in a cache, at the sizes that bear it, beside the same on native
 * types; one caller.
 */
export async function measureArrays(stores) {
  const samples = new Samples();
  const bearable = stores.filter(({ size }) => size in PROBES_OF_ARRAYS);
  for (const sized of bearable) {
    const server = await RedisServer.start();
    const keyv = createKeyv(server.url);
    const cache = createCache({ stores: [keyv] });
    const arrays = new ArrayLayout(cache);
    const cacheStore = new CacheConnectionStore(cache);
    await arrays.list(Array.from({ length: sized.size }, (_, index) => connectionId(index)));

    const few = PROBES_OF_ARRAYS[sized.size];
    const subjects = {
      [ARRAY]: [server, few, (one) => arrays.connect(one), ({ connectionId: id }) => arrays.disconnect(id)],
      [CACHE_STORE]: [server, few, (one) => cacheStore.add(one), ({ connectionId: id }) => cacheStore.remove(id)],
      [REDIS_STORE]: [
        sized.server,
        PROBES,
        (one) => sized.store.add(one),
        ({ connectionId: id }) => sized.store.remove(id),
      ],
    };
    for (let round = -1; round < ROUNDS; round++) {
      for (const [name, [asked, count, connect, disconnect]] of Object.entries(subjects)) {
        const probes = Array.from({ length: count }, (_, index) => sized.probe(index).connection);
        const connects = await oneCaller(asked, count, (index) => connect(probes[index]));
        samples.add(`${name}: connect`, sized.size, round, connects);
        const disconnects = await oneCaller(asked, count, (index) => disconnect(probes[index]));
        samples.add(`${name}: disconnect`, sized.size, round, disconnects);
      }
    }
    await keyv.disconnect();
    await server.stop();
  }
  return samples;
}
