import console from 'node:console';
import { startApplication } from './application.js';
import { connectEvent, connectionIds } from './events.js';
import { cpuPerEvent, median, summarise } from './measure.js';

const ROUNDS = 9;
const WARM_UP_ROUNDS = 2;
const SIZES = [1_000, 20_000];

const manners = {
  'one after another': async (manager, events) => {
    for (const event of events) await manager.handle(event);
  },
  'all at once': async (manager, events) => {
    await Promise.all(events.map((event) => manager.handle(event)));
  },
};

/**
 * What a connect costs until so many are connected, on the default store: from none to 1,000 and from none to 20,000, each in an
 * application of its own. Every round measures every size in every manner, the small size as often as it takes to connect as many.
 */
export async function benchConnects() {
  // Made once and kept: a round pays for what `handle` does, not for the making of its events.
  const events = connectionIds(Math.max(...SIZES)).map(connectEvent);
  const figures = {};
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [manner, connectAll] of Object.entries(manners)) {
      for (const size of SIZES) {
        const costs = [];
        for (let connected = 0; connected < Math.max(...SIZES); connected += size) {
          costs.push(await connectInto(await startApplication(), events.slice(0, size), connectAll));
        }
        const cost = costs.reduce((sum, each) => sum + each, 0) / costs.length;
        if (round >= 0) ((figures[manner] ??= {})[size] ??= []).push(cost);
      }
    }
  }

  console.log(`CPU per connect in µs: median (quartiles) of ${ROUNDS} rounds`);
  for (const [manner, bySize] of Object.entries(figures)) {
    for (const [size, costs] of Object.entries(bySize)) {
      console.log(`  ${`${manner}, ${Number(size).toLocaleString('en')}`.padEnd(28)}${summarise(costs)}`);
    }
    const [small, large] = SIZES.map((size) => median(bySize[size]));
    console.log(
      `  ${manner}: the cost at ${SIZES[1].toLocaleString('en')} is ${(large / small).toFixed(2)} × that at 1,000`,
    );
  }
}

async function connectInto({ manager, close }, events, connectAll) {
  const cost = await cpuPerEvent(events.length, () => connectAll(manager, events));
  const { totalConnections } = await manager.getStats();
  if (totalConnections !== events.length)
    throw new Error(`Expected ${events.length} connections, got ${totalConnections}.`);
  await close();
  return cost;
}
