import { CALLS, chosen, FLOOR, IO, OFFLINE, OURS, WS } from './arms/arms.js';
import { Stand } from './stand.js';

/** How many recipients make one figure: small audiences are sent to that many times more often. */
const RECIPIENTS = 10_000;

/** Recipients that each server warms up with. */
const WARM_UP = 60_000;

/** The same of a server that makes a request for each. */
const WARM_UP_REQUESTS = 10_000;

export const broadcastKey = ({ count, sizeBytes, isCompressed }) =>
  `${count.toLocaleString('en')} clients, ${sizeBytes === 200 ? '200 B' : '8 KB'}${isCompressed ? ', compressed' : ''}`;

/**
 * Measures a message to so many clients by every server, all of which hold their clients at the same time; in each round one after the other, from
 * another one on each time.
 */
export async function measureBroadcasts({ count, isCompressed }, { sizes, rounds, floor, arms, samples }) {
  const stands = [];
  try {
    // What socket.io still has to compress when it is asked cannot be seen, and so not be waited for. serverless-offline compresses nothing.
    for (const arm of chosen(isCompressed ? [OURS, WS] : [OURS, WS, IO, OFFLINE], arms, count)) {
      const stand = await Stand.start(arm, { isInRoom: true, isCompressed });
      stands.push({ stand, calls: CALLS[arm] });
    }
    if (floor !== null && !isCompressed) stands.push({ stand: await Stand.startFloor(floor), calls: [FLOOR] });
    for (const { stand } of stands) await stand.open(count);
    const measured = stands.flatMap(({ stand, calls }) => calls.map((call) => ({ stand, call })));
    for (const sizeBytes of sizes) {
      const key = broadcastKey({ count, sizeBytes, isCompressed });
      for (const { stand, call } of measured) {
        const usual = stand.arm === OFFLINE ? WARM_UP_REQUESTS : WARM_UP;
        const recipients = isCompressed && stand !== stands[0].stand ? count : usual;
        for (let sent = 0; sent < recipients; sent += count) await stand.send(call, sizeBytes);
      }
      for (let round = 0; round < rounds; round++) {
        for (let index = 0; index < measured.length; index++) {
          const { stand, call } = measured[(round + index) % measured.length];
          samples.add(call, key, round, await sendOften(stand, call, { count, sizeBytes }));
        }
      }
    }
  } finally {
    for (const { stand } of stands) await stand.stop();
  }
}

async function sendOften(stand, call, { count, sizeBytes }) {
  const times = Math.max(1, Math.round(RECIPIENTS / count));
  const sum = { cpuUs: 0, elapsedMs: 0, bytes: 0 };
  for (let time = 0; time < times; time++) {
    const figures = await stand.send(call, sizeBytes);
    for (const figure of Object.keys(sum)) sum[figure] += figures[figure];
  }
  const recipients = times * count;
  const stallMs = stand.to.isBare === true ? NaN : (await stand.send(call, sizeBytes, 'stall')).stallMs;
  return {
    cpuUs: sum.cpuUs / recipients,
    elapsedUs: (sum.elapsedMs * 1_000) / recipients,
    bytes: sum.bytes / recipients,
    stallMs,
  };
}
