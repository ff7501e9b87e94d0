import { channelOf, chosen, IO, MEMORY, ONE_NODE, PUBLIC, THREE_NODES, TOLD } from './arms/arms.js';
import { withStands } from './stand.js';

export const LEAVE = 'leave';
export const COME_BACK = 'come back';
export const CHANGES = [LEAVE, COME_BACK];

/** What part of the members leaves and comes back. */
const SHARE = 0.2;

/**
 * Some of the members of one channel leave, all at once, and come back when they have.
 *
 * @param kind of the channel; where all are told, a figure ends when everyone who stayed has been told of everyone who left
 */
export async function measureChurn({ count, kind }, { rounds, arms, samples, profile }) {
  const all = [MEMORY, ONE_NODE, THREE_NODES, ...(kind === TOLD ? [] : [IO])];
  await withStands(chosen(all, arms), count, async (stands) => {
    const changing = Math.round(count * SHARE);
    for (const stand of stands) await stand.subscribe(channelOn(stand, kind));
    for (let round = -1; round < rounds; round++) {
      for (let index = 0; index < stands.length; index++) {
        const stand = stands[(round + 1 + index) % stands.length];
        const file = profile && `${profile}-churn-${stand.arm}-${kind}`;
        const before = await stand.memory();
        const changes = await stand.profiled(file, () => churn(stand, { kind, changing }));
        const after = await stand.memory();
        const kept = {
          heapEach: (after.heap - before.heap) / changing,
          redisEach: (after.redis - before.redis) / changing,
        };
        const bus = await stand.countMessages(() => churn(stand, { kind, changing }));
        for (const change of CHANGES) {
          const figures = { ...figuresOf(changes[change], changing), ...kept, ...perChange(bus, changing) };
          samples.add(stand.arm, change, round, figures);
        }
      }
    }
  });
}

const channelOn = ({ arm }, kind) => channelOf(arm === IO ? PUBLIC : kind, 0);

async function churn(stand, { kind, changing }) {
  const channel = channelOn(stand, kind);
  const told = (message) => (kind === TOLD ? { told: stand.wire.kinds[message] } : {});
  return {
    [LEAVE]: await stand.unsubscribe(channel, changing, told('leaving')),
    [COME_BACK]: await stand.subscribe(channel, changing, told('joining')),
  };
}

function figuresOf(figures, changing) {
  return {
    ...figures,
    elapsedEachUs: (figures.elapsedMs * 1_000) / changing,
    cpuEach: figures.cpuUs / changing,
    redisCpuEach: figures.redisCpuUs / changing,
    commandsEach: figures.commands / changing,
  };
}

/** Each member changes twice. */
function perChange({ requests, answers }, changing) {
  return { requestsEach: requests / (2 * changing), answersEach: answers / (2 * changing) };
}
