import { performance } from 'node:perf_hooks';
import { CALLS, chosen, IO, OFFLINE, OURS, WS } from './arms/arms.js';
import { Stand } from './stand.js';

/** Clients that are there before and stay, so that what a server allocates once is not counted. */
const BEFORE = 1_000;

/**
 * What each server takes to let so many clients in, what each of them takes in memory while it is idle, and after two broadcasts of 8 KB. Each
 * round has new processes.
 */
export async function measureConnections({ counts, isCompressed }, { rounds, arms, samples }) {
  for (let round = 0; round < rounds; round++) {
    for (const count of counts) {
      for (const arm of chosen(isCompressed ? [OURS, WS, IO] : [OURS, WS, IO, OFFLINE], arms, count)) {
        samples.add(connectionsArm(arm, isCompressed), count, round, await oneServer(arm, { count, isCompressed }));
      }
    }
  }
}

export const connectionsArm = (arm, isCompressed) => (isCompressed ? `${arm}, compressed` : arm);

async function oneServer(arm, { count, isCompressed }) {
  const stand = await Stand.start(arm, { isCompressed });
  try {
    await stand.open(BEFORE);
    const call = CALLS[arm].find((name) => !name.includes('channel'));
    await stand.send(call, 8_192);
    const memory = () => stand.server.ask({ ask: 'memory' });
    const empty = await memory();
    const { cpuUs: cpuBefore } = await stand.server.ask({ ask: 'cpu' });
    const start = performance.now();
    await stand.clients.ask({ ask: 'open', count, ...stand.to });
    const elapsedMs = performance.now() - start;
    const { cpuUs } = await stand.server.ask({ ask: 'cpu' });
    await stand.server.ask({ ask: 'ready', count: BEFORE + count });
    const idle = await memory();
    for (let sent = 0; sent < 2; sent++) await stand.send(call, 8_192);
    const used = await memory();
    return {
      rate: (count / elapsedMs) * 1_000,
      cpuUs: (cpuUs - cpuBefore) / count,
      idleBytes: (idle.rss - empty.rss) / count,
      idleHeap: (idle.heapUsed - empty.heapUsed) / count,
      usedBytes: (used.rss - empty.rss) / count,
    };
  } finally {
    await stand.stop();
  }
}
