import * as names from './arms/arms.js';
import { COLD_SDK, COLD_SENDS } from './cold.js';
import { MEMORY_SENDS } from './large.js';
import { keyOf } from './matrix.js';
import { count } from '../state/table.js';

const SDK_ARMS = [names.SEQUENTIAL, names.PROMISE_ALL, names.BOUNDED, names.WIDE];

/** Each goal that was measured, with its limit and the figure that it is judged by. */
export function* goalsOf({ matrix, cold, gone, memory, fromRedis }) {
  /** The ratio of two costs, where both were measured. */
  function* cost(goal, most, arm, base, key, digits = 2) {
    if (!matrix.has(arm, key) || !matrix.has(base, key)) return;
    yield { goal: `${goal}: ${key}`, most, figure: matrix.ratioOf(arm, base, 'cpuUs', key), digits };
  }
  for (const isSecure of [false, true]) {
    const [key, largeKey] = [200, 8_192].map((sizeBytes) => keyOf({ isSecure, sizeBytes, delayMs: 0 }));
    yield* cost('CPU per message against the SDK, 50 at once', 1 / 12, names.OURS, names.BOUNDED, key, 3);
    yield* cost('CPU signed against unsigned', 1.25, names.TRANSPORT, names.OURS_UNSIGNED, key);
    // The floor keeps its server busy without a pause when that answers at once, which spares the sender from waking it: see README.md.
    for (const floorKey of [key, keyOf({ isSecure, sizeBytes: 200, delayMs: 10 })]) {
      yield* cost('CPU against the floor', 2.5, names.OURS, names.FLOOR, floorKey);
    }
    if (!matrix.has(names.OURS, key) || !matrix.has(names.OURS, largeKey)) continue;
    const figure = matrix.median(names.OURS, largeKey, 'cpuUs') / matrix.median(names.OURS, key, 'cpuUs');
    yield { goal: `CPU against 200 B: ${largeKey}`, most: 1.3, figure };
  }
  for (const [delayMs, least] of [
    [10, 10],
    [30, 6],
  ]) {
    const key = keyOf({ isSecure: true, sizeBytes: 200, delayMs });
    if (![names.OURS, ...SDK_ARMS].every((arm) => matrix.has(arm, key))) continue;
    const best = Math.max(...SDK_ARMS.map((arm) => matrix.median(arm, key, 'rate')));
    const figure = matrix.median(names.OURS, key, 'rate') / best;
    yield { goal: `messages per second against the SDK's best: ${key}`, least, figure, digits: 1 };
  }
  if (cold !== null) {
    const wall = ({ name }) => cold.median(name, COLD_SENDS, 'elapsedMs');
    const best = COLD_SDK.reduce((one, other) => (wall(other) < wall(one) ? other : one));
    for (const [figure, what] of Object.entries({ elapsedMs: 'wall time', cpuMs: 'CPU' })) {
      const part = cold.ratioOf(names.OURS, best.name, figure, COLD_SENDS);
      yield { goal: `cold, ${what} against the SDK's best (${best.name})`, most: 0.5, figure: part };
    }
  }
  if (gone !== null) {
    for (const arm of [names.OURS, names.TRANSPORT]) {
      yield { goal: `CPU of a 410 against a 200: ${arm}`, most: 1.5, figure: gone.ratio(arm, 'cpuUs', 410, 200) };
    }
  }
  if (memory !== null) {
    const figure = memory.median(names.OURS, MEMORY_SENDS, 'growthMb');
    yield { goal: `memory growth of ${count(MEMORY_SENDS)} recipients, MB`, most: 40, figure, digits: 1 };
  }
  if (fromRedis !== null) {
    const goal = `memory of ${count(fromRedis.delivered)} ids from Redis, MB`;
    yield { goal, most: 256, figure: fromRedis.peakMb, digits: 0 };
  }
}
