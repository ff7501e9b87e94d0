import * as names from './arms/arms.js';
import { broadcastKey } from './broadcasts.js';
import { connectionsArm } from './connections.js';
import { ECHO } from './echo.js';

/** Of the calls of ours, the one that the goals of a broadcast are about. */
const OUR_CALL = names.CHANNEL;
const MOST_STALL_MS = 15;

/** Each goal that was measured, with its limit and the figure that it is judged by. */
export function* goalsOf({ broadcasts, compressed, echoes, connections, counts, sizes }) {
  for (const count of counts) {
    for (const sizeBytes of sizes) {
      const plain = broadcastKey({ count, sizeBytes, isCompressed: false });
      const small = broadcastKey({ count, sizeBytes, isCompressed: true });
      yield* ratio(broadcasts, { goal: `broadcast against ws, ${plain}`, most: 0.9 }, OUR_CALL, names.PREPARED, plain);
      yield* ratio(broadcasts, { goal: `broadcast against C, ${plain}`, most: 1.6 }, OUR_CALL, names.FLOOR, plain);
      yield* ratio(
        broadcasts,
        { goal: `broadcast against socket.io, ${plain}`, most: 0.6 },
        OUR_CALL,
        names.EMIT,
        plain,
      );
      yield* ratio(compressed, { goal: `broadcast against ws, ${small}`, most: 0.3 }, OUR_CALL, names.PREPARED, small);
      for (const [samples, key] of [
        [broadcasts, plain],
        [compressed, small],
      ]) {
        if (!samples.has(OUR_CALL, key)) continue;
        const figure = samples.median(OUR_CALL, key, 'stallMs');
        yield { goal: `longest stall in ms, ${key}`, most: MOST_STALL_MS, figure, digits: 1 };
      }
    }
  }
  for (const [base, most] of [
    [names.WS_JSON, 2],
    [names.IO_EVENT, 1.5],
  ]) {
    yield* ratio(echoes, { goal: `echo against ${base}`, most }, names.ROUTE_RESPONSE, base, ECHO);
  }
  for (const count of counts) {
    const at = `${count.toLocaleString('en')} clients`;
    const [ours, ws] = [connectionsArm(names.OURS, false), connectionsArm(names.WS, false)];
    const oursCompressed = connectionsArm(names.OURS, true);
    yield* ratio(connections, { goal: `idle memory against ws, ${at}`, most: 1.3 }, ours, ws, count, 'idleBytes');
    yield* ratio(connections, { goal: `connects per second against ws, ${at}`, least: 0.5 }, ours, ws, count, 'rate');
    const goal = `memory with compression after a broadcast against without, ${at}`;
    yield* ratio(connections, { goal, most: 1.2 }, oursCompressed, ours, count, 'usedBytes');
  }
}

/** The ratio of a figure, where both were measured. */
function* ratio(samples, limits, arm, base, key, figure = 'cpuUs') {
  if (!samples.has(arm, key) || !samples.has(base, key)) return;
  yield { ...limits, figure: samples.ratioOf(arm, base, figure, key) };
}
