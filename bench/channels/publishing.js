import { payloadOf } from '../gateway/payload.js';
import { channelOf, chosen, IO, KEPT, MEMORY, ONE_NODE, PUBLIC, THREE_NODES } from './arms/arms.js';
import { withStands } from './stand.js';

export const PUBLISH = 'publish';
export const PUBLISH_KEPT = 'publish, recoverable';
export const RELAY = 'manager.to(channel).send';
export const EMIT = 'io.to(room).emit';

const OURS = [
  { call: PUBLISH, kind: PUBLIC, verb: 'publish' },
  { call: PUBLISH_KEPT, kind: KEPT, verb: 'publish' },
  { call: RELAY, kind: PUBLIC, verb: 'relay' },
];
const CALLS = {
  [MEMORY]: OURS,
  [ONE_NODE]: OURS,
  [THREE_NODES]: OURS,
  [IO]: [{ call: EMIT, kind: PUBLIC, verb: 'publish' }],
};

export const publishArm = (arm, call) => (arm === IO ? call : `${call}; ${arm.replace('ours, ', '')}`);

/** How many recipients make one figure, and with how many each call warms up. */
const RECIPIENTS = 20_000;
const WARM_UP = 40_000;

/** One client sends to a channel with everyone in it, itself included. */
export async function measurePublishing({ count }, { sizes, rounds, arms, samples, profile }) {
  await withStands(chosen(Object.keys(CALLS), arms), count, async (stands) => {
    const measured = stands.flatMap((stand) => CALLS[stand.arm].map((call) => ({ stand, ...call })));
    for (const stand of stands) {
      for (const kind of new Set(CALLS[stand.arm].map(({ kind }) => kind))) await stand.subscribe(channelOf(kind, 0));
    }
    for (const sizeBytes of sizes) {
      for (const one of measured) await publish(one, { sizeBytes, times: WARM_UP / count });
      for (let round = 0; round < rounds; round++) {
        for (let index = 0; index < measured.length; index++) {
          const one = measured[(round + index) % measured.length];
          const file = profile && `${profile}-${publishArm(one.stand.arm, one.call)}-${sizeBytes}`;
          samples.add(publishArm(one.stand.arm, one.call), sizeBytes, round, await figuresOf(one, { sizeBytes, file }));
        }
      }
    }
  });
}

async function figuresOf(one, { sizeBytes, file }) {
  const { stand } = one;
  const times = Math.max(1, Math.round(RECIPIENTS / stand.count));
  const figures = await stand.profiled(file, () => publish(one, { sizeBytes, times }));
  const bus = await stand.countMessages(() => publish(one, { sizeBytes, times: 1 }));
  const recipients = times * stand.count;
  return {
    ...figures,
    ...bus,
    cpuEach: figures.cpuUs / recipients,
    redisCpuEach: figures.redisCpuUs / recipients,
    untilAllMs: figures.elapsedMs / times,
  };
}

function publish({ stand, kind, verb }, { sizeBytes, times }) {
  const text = stand.wire[verb](channelOf(kind, 0), payloadOf(sizeBytes));
  const often = Math.max(1, Math.round(times));
  return stand.measure({ ask: 'publish', text, times: often, ...stand.kindOf('message') });
}
