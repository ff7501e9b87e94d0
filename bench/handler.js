import console from 'node:console';
import { startApplication } from './application.js';
import { connectEvent, connectionIds, disconnectEvent, messageEvent } from './events.js';
import { cpuPerEvent, median, summarise } from './measure.js';

const ROUNDS = 31;
const WARM_UP_ROUNDS = 5;
const EVENTS = 10_000;

/**
 * What `handle` costs per event, with state in memory, against the least that an application would do for a message: parse the body and
 * emit it. Every round measures each of them, in turn, so that whatever else the machine does meets them all.
 */
export async function benchHandler() {
  const { manager, emitter, listener, close } = await startApplication();
  const ids = connectionIds(EVENTS);
  const events = {
    connect: ids.map(connectEvent),
    message: ids.map(messageEvent),
    disconnect: ids.map(disconnectEvent),
  };
  const handleAll = (all) => async () => {
    for (const event of all) await manager.handle(event);
  };
  const bare = async () => {
    for (const eventData of events.message) {
      const { connectionId } = eventData.requestContext;
      await emitter.emitAsync('bare.message', { connectionId, message: JSON.parse(eventData.body), eventData });
    }
  };
  const subjects = {
    'bare parse + emitAsync': bare,
    connect: handleAll(events.connect),
    'message, one listener': handleAll(events.message),
    disconnect: handleAll(events.disconnect),
  };
  const figures = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(subjects)) {
      const cost = await cpuPerEvent(EVENTS, run);
      if (round >= 0) figures[name].push(cost);
    }
  }
  const expected = 2 * EVENTS * (ROUNDS + WARM_UP_ROUNDS);
  if (listener.count !== expected) throw new Error(`Expected ${expected} messages to be heard, got ${listener.count}.`);
  await close();

  console.log(`CPU per event in µs: median (quartiles) of ${ROUNDS} rounds of ${EVENTS} events`);
  const base = median(figures['bare parse + emitAsync']);
  for (const [name, costs] of Object.entries(figures)) {
    console.log(`  ${name.padEnd(24)}${summarise(costs)}   ${(median(costs) / base).toFixed(1)} × bare`);
  }
}
