import { performance } from 'node:perf_hooks';
import { channelOf, KEPT, ONE_NODE } from './arms/arms.js';
import { Stand } from './stand.js';

export const RECOVER = 'recover 20 missed messages';
export const NEWCOMERS = 'subscribe as newcomers';
export const RETURNS = [RECOVER, NEWCOMERS];

const MISSED = 20;
const MESSAGE_BYTES = 200;

/** How many handshakes are under way at once: below the 511 that the system keeps waiting for a server. */
const AT_ONCE = 256;

/** Of two nodes on one Redis, the one with all the clients is killed; they come to the other one. Each round has new processes. */
export async function measureRecovery({ count }, { rounds, samples, profile }) {
  for (let round = -1; round < rounds; round++) {
    for (const how of round % 2 === 0 ? RETURNS : RETURNS.toReversed()) {
      // It warms up once, for what warms up is the machine: processes are new.
      samples.add(how, count, round, await oneReturn({ count, how, file: profile && `${profile}-${how}` }));
    }
  }
}

async function oneReturn({ count, how, file }) {
  const channel = channelOf(KEPT, 0);
  const stand = await Stand.start(ONE_NODE, { nodes: 2 });
  try {
    const [survivor, victim] = stand.nodes;
    const publish = (times) => survivor.ask({ ask: 'publish', channel, times, sizeBytes: MESSAGE_BYTES });
    const position = await publish(1);
    await stand.open(count, [victim]);
    await stand.subscribe(channel);
    const lost = stand.clients.ask({ ask: 'lose' });
    await stand.kill(1);
    await lost;
    const start = performance.now();
    await publish(MISSED);
    const missedMs = performance.now() - start;
    const before = await stand.memory();
    const recovers = how === RECOVER;
    const text = stand.wire.subscribe(channel, recovers ? { recover: position } : {});
    const says = recovers ? '"recovered":true' : `"offset":${position.offset + MISSED}`;
    const question = { ask: 'come', count, atOnce: AT_ONCE, text, says, ...stand.kindOf('subscribed') };
    const figures = await stand.profiled(file, () => stand.measure({ ...question, ...survivor.greeting }));
    const after = await stand.memory();
    return {
      ...figures,
      missedMs,
      cpuEach: figures.cpuUs / count,
      redisCpuEach: figures.redisCpuUs / count,
      commandsEach: figures.commands / count,
      heapEach: (after.heap - before.heap) / count,
      rssEach: (after.rss - before.rss) / count,
      redisEach: (after.redis - before.redis) / count,
    };
  } finally {
    await stand.stop();
  }
}
