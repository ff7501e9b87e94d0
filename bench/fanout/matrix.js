import * as names from './arms/arms.js';
import { SenderProcess } from './sender-process.js';

/** How many rounds the fast senders warm up with: their code is compiled, and their connections are open, only after some ten thousand messages. */
const WARM_UP_ROUNDS = 3;

/** How many connections undici and the floor are given, by the delay of the server: what was measured to be best for them. */
const CONCURRENCY = { 0: 64, 10: 512, 30: 512 };

/** How many messages make a round, for senders that are too slow for as many as the others. */
const slowCounts = (delayMs) => ({
  [names.SEQUENTIAL]: delayMs === 0 ? 500 : Math.ceil(1_000 / delayMs),
  [names.PROMISE_ALL]: 1_500,
  [names.BOUNDED]: 1_500,
  [names.WIDE]: 1_500,
});

const COMPARED = [names.SEQUENTIAL, names.PROMISE_ALL, names.BOUNDED, names.OURS, names.UNDICI, names.FLOOR];
/** With those that tell where the costs are, which the size of a message changes little about. */
const ALL = [
  names.SEQUENTIAL,
  names.PROMISE_ALL,
  names.BOUNDED,
  names.WIDE,
  names.OURS,
  names.TRANSPORT,
  names.OURS_UNSIGNED,
  names.UNDICI_SIGNED,
  names.UNDICI,
  names.FLOOR,
];

/** The senders that are compared in a scenario. */
export const armsOf = ({ sizeBytes }) => (sizeBytes === 200 ? ALL : COMPARED);

export const keyOf = ({ isSecure, sizeBytes, delayMs }) =>
  `${sizeBytes === 200 ? '200 B' : '8 KB'}, ${isSecure ? 'TLS' : 'plain'}, ${delayMs} ms`;

/**
 * Measures every arm in one scenario: each in a process of its own that warms up, then all of them in each round, one after the
 * other and from another one on each time.
 */
export async function measureScenario(scenario, { server, certificate, rounds, sends, arms, samples }) {
  const { isSecure, sizeBytes, delayMs, status = 200 } = scenario;
  const key = keyOf(scenario);
  const counts = slowCounts(delayMs);
  await server.configure({ delayMs, status });
  const senders = [];
  try {
    for (const arm of arms) {
      const setup = { arm, sizeBytes, endpoint: server.endpoint, concurrency: CONCURRENCY[delayMs] };
      const count = Math.min(sends, counts[arm] ?? sends);
      const sender = await SenderProcess.start({ ...setup, certificate: isSecure ? certificate : undefined });
      // Memory grows in the first round, before the heap has found its size.
      const { growthMb } = await sender.round(count, true);
      if (counts[arm] === undefined) for (let round = 1; round < WARM_UP_ROUNDS; round++) await sender.round(count);
      senders.push({ arm, count, sender, growthMb });
    }
    for (let round = 0; round < rounds; round++) {
      const first = round % senders.length;
      for (const { arm, count, sender, growthMb } of [...senders.slice(first), ...senders.slice(0, first)]) {
        samples.add(arm, key, round, { ...(await server.during(() => sender.round(count))), growthMb });
      }
    }
  } finally {
    for (const { sender } of senders) await sender.stop();
  }
}
