import { channelOf, chosen, IO, KEPT, MEMORY, ONE_NODE, PUBLIC, QUIET, THREE_NODES } from './arms/arms.js';
import { withStands } from './stand.js';

export const STORM_ARMS = [MEMORY, ONE_NODE, THREE_NODES, IO];
export const STORM_KINDS = [PUBLIC, QUIET, KEPT];

/** The message that is in a channel with history, and comes with each answer there. */
const LAST_MESSAGE_BYTES = 200;

/** All clients subscribe to one channel at once, to another one in each round; a server's clients stay connected throughout. */
export async function measureStorms({ count }, { rounds, arms, samples, profile }) {
  await withStands(chosen(STORM_ARMS, arms), count, async (stands) => {
    for (let round = -1; round < rounds; round++) {
      for (let index = 0; index < stands.length; index++) {
        const stand = stands[(round + 1 + index) % stands.length];
        // A room of socket.io is all that it has for any of them.
        const kinds = stand.arm === IO ? [PUBLIC] : STORM_KINDS;
        for (const kind of kinds) {
          const file = profile && `${profile}-storm-${stand.arm}-${kind}`;
          const figures = await storm(stand, channelOf(kind, round + 1), { count, kind, file });
          for (const key of stand.arm === IO ? STORM_KINDS : [kind]) samples.add(stand.arm, key, round, figures);
        }
      }
    }
  });
}

async function storm(stand, channel, { count, kind, file }) {
  if (kind === KEPT) await stand.nodes[0].ask({ ask: 'publish', channel, times: 1, sizeBytes: LAST_MESSAGE_BYTES });
  const before = await stand.memory();
  const figures = await stand.profiled(file, () => stand.subscribe(channel));
  const after = await stand.memory();
  await stand.unsubscribe(channel);
  return {
    ...figures,
    perSubscribeUs: figures.cpuUs / count,
    redisPerSubscribeUs: figures.redisCpuUs / count,
    commandsEach: figures.commands / count,
    heapEach: (after.heap - before.heap) / count,
    redisEach: (after.redis - before.redis) / count,
  };
}
