import { inFlight, oneCaller } from './measure.js';
import { operations } from './operations.js';
import { connection, forEachIndex } from './population.js';
import { Samples } from './samples.js';

export const SWEEP = 'sweep of 1,000 stale';
export const STATS = 'stats';

/** The least that a round trip takes. */
export const PING = 'PING';

const WARM_UP_ROUNDS = 2;
/** How many connections a round adds: called for one after another, and 64 at once. */
const [ONE_BY_ONE, TOGETHER] = [500, 1_000];
const STALE = 1_000;
/** Longer than the module's `staleAfterSeconds`, shorter than a record's lifetime. */
const STALE_FOR_MS = 88_200_000;

/**
 * What every operation costs at every size. Each round does each operation at all sizes, one right after the other and each time in another
 * order, with connections that it adds and removes.
 */
export async function measureSizes(stores, rounds) {
  const samples = new Samples();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const first = (round + WARM_UP_ROUNDS) % stores.length;
    const inTurn = [...stores.slice(first), ...stores.slice(0, first)];
    for (const sized of inTurn) {
      const ping = () => sized.client.ping();
      samples.add(PING, sized.size, round, await oneCaller(sized.server, ONE_BY_ONE, ping));
      samples.add(PING, sized.size, round, await inFlight(sized.server, TOGETHER, ping));
    }
    const add = (name, size, figures) => samples.add(name, size, round, figures);
    await measureConnections(inTurn, oneCaller, ONE_BY_ONE, add);
    await measureConnections(inTurn, inFlight, TOGETHER, add);
    for (const sized of inTurn) {
      const getStats = () => sized.manager.getStats();
      samples.add(STATS, sized.size, round, await oneCaller(sized.server, 50, getStats));
      samples.add(STATS, sized.size, round, await inFlight(sized.server, 250, getStats));
      samples.add(SWEEP, sized.size, round, await sweep(sized));
    }
  }
  for (const { store, size } of stores) {
    const left = await store.countConnections();
    if (left !== size) throw new Error(`Expected ${size} connections to be left, got ${left}.`);
  }
  return samples;
}

async function measureConnections(stores, measure, count, add) {
  const probes = new Map(stores.map((sized) => [sized, Array.from({ length: count }, (_, i) => sized.probe(i))]));
  for (const { name, run, expected } of operations) {
    for (const sized of stores) {
      const figures = await measure(sized.server, count, async (index) => {
        const result = await run(sized.store, probes.get(sized)[index]);
        if (result !== expected) throw new Error(`Expected ${expected} of ${name ?? 'an operation'}, got ${result}.`);
      });
      if (name !== undefined) add(name, sized.size, figures);
    }
  }
}

/** Ends 1,000 stale connections among all that are there; the figures are of one of them. */
async function sweep({ store, manager, server, size }) {
  const connectedAt = Date.now() - STALE_FOR_MS;
  await forEachIndex(STALE, 64, (index) => store.add(connection(size + index, connectedAt)));
  let ended = 0;
  const figures = await inFlight(server, 1, async () => (ended = await manager.cleanup()));
  if (ended !== STALE) throw new Error(`Expected ${STALE} connections to be swept, got ${ended}.`);
  const { rate, clientCpu, redisCpu, script, loopDelay } = figures;
  return {
    rate: rate * STALE,
    p50: 1_000 / rate / STALE,
    clientCpu: clientCpu / STALE,
    redisCpu: redisCpu / STALE,
    script: script / STALE,
    loopDelay,
  };
}
