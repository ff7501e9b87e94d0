import { ARRAY, REDIS_STORE } from './arrays.js';
import { MEMBERS, SMEMBERS } from './big-channel.js';
import { operations } from './operations.js';
import { STATS } from './sizes.js';
import { count } from './table.js';

const RATIO_LIMITS = { 100_000: 1.25, 1_000_000: 1.5 };
const BYTES_LIMIT = 560;

/** Each goal whose sizes were measured, with its limit and the figure that it is judged by. */
export function* goalsOf({ stores, costs, arrays, bigChannel }) {
  const sizes = stores.map(({ size }) => size);
  const [base] = sizes;
  const named = operations.flatMap(({ name }) => (name === undefined ? [] : [name]));
  for (const size of sizes.filter((size) => size in RATIO_LIMITS)) {
    for (const name of named) {
      const figure = costs.ratio(name, 'p50', size, base);
      yield { goal: `${name}: p50 at ${count(size)} against ${count(base)}`, most: RATIO_LIMITS[size], figure };
    }
  }
  for (const size of sizes) {
    const figure = costs.ratioOf('disconnect', 'connect', 'p50', size);
    yield { goal: `disconnect against connect, p50 at ${count(size)}`, most: 1.3, figure };
  }
  const roundTrips = [...named, STATS].flatMap((name) => sizes.map((size) => costs.median(name, size, 'roundTrips')));
  yield { goal: 'round trips of an operation', most: 2, figure: Math.max(...roundTrips) };
  if (sizes.includes(100_000)) {
    const goal = 'connect on an array against ours at 100,000';
    for (const [figure, what] of Object.entries({ p50: 'p50', clientCpu: 'client CPU' })) {
      const cost = (name) => arrays.median(`${name}: connect`, 100_000, figure);
      yield { goal: `${goal}, ${what}`, least: 1_000, figure: cost(ARRAY) / cost(REDIS_STORE) };
    }
  }
  const { samples, size } = bigChannel;
  if (size === 1_000_000) {
    const part = samples.median(MEMBERS, size, 'first') / samples.median(SMEMBERS, size, 'total');
    yield { goal: `first page of ${count(size)} members, part of SMEMBERS`, most: 0.01, figure: part, digits: 4 };
    const stall = samples.median(MEMBERS, size, 'longestPing');
    yield { goal: "another client's longest PING meanwhile, ms", most: 15, figure: stall, digits: 1 };
  }
  for (const { size, bytes } of stores.filter(({ size }) => size in RATIO_LIMITS)) {
    yield { goal: `bytes per connection at ${count(size)}`, most: BYTES_LIMIT, figure: bytes, digits: 0 };
  }
}
