import { fork } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { connectionId } from './population.js';
import { Samples } from './samples.js';

export const SMEMBERS = 'SMEMBERS';
export const MEMBERS = '`members()`';
export const SSCAN = 'SSCAN … COUNT 500, not verified';
export const IDLE = 'nothing';

const CHANNEL = 'everyone';
const KEY = `websocket:channels:${CHANNEL}`;
const BATCH = 1_000;
/** Leaves what so many joins would: the set of members, and the channel in each record. */
const JOIN = `
redis.call('SADD', KEYS[1], unpack(ARGV))
for _, id in ipairs(ARGV) do redis.call('HSET', 'websocket:connection:' .. id, '#${CHANNEL}', 2) end`;

const ROUNDS = 5;
const IDLE_MS = 500;

/** How long it takes to read a channel that every connection of a store is in, and for how long another client waits meanwhile. */
export async function measureBigChannel({ server, client, store, size }) {
  for (let start = 0; start < size; start += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, size - start) }, (_, index) => connectionId(start + index));
    await client.eval(JOIN, { keys: [KEY], arguments: ids });
  }
  const readers = {
    [IDLE]: () => idle(),
    [SMEMBERS]: () => allAtOnce(client),
    [MEMBERS]: () => store.members(CHANNEL),
    [SSCAN]: () => scan(client),
  };
  const pinger = fork(fileURLToPath(new URL('pinger.js', import.meta.url)), [server.url]);
  await once(pinger, 'message');
  const samples = new Samples();
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, read] of Object.entries(readers)) {
      await longestPing(pinger);
      const figures = await readAll(read());
      const longest = await longestPing(pinger);
      if (name !== IDLE && figures.members !== size)
        throw new Error(`Expected ${size} members, got ${figures.members}.`);
      samples.add(name, size, round, { ...figures, longestPing: longest });
    }
  }
  pinger.disconnect();
  await once(pinger, 'exit');
  return samples;
}

async function readAll(pages) {
  const start = performance.now();
  let first;
  let members = 0;
  for await (const page of pages) {
    first ??= performance.now() - start;
    members += page.length;
  }
  return { first, members, total: performance.now() - start };
}

async function* idle() {
  yield [];
  await pause(IDLE_MS);
}

async function* allAtOnce(client) {
  yield await client.sMembers(KEY);
}

async function* scan(client) {
  let cursor = '0';
  do {
    const { cursor: next, members } = await client.sScan(KEY, cursor, { COUNT: 500 });
    yield members;
    cursor = next;
  } while (cursor !== '0');
}

async function longestPing(pinger) {
  pinger.send('longest');
  const [longest] = await once(pinger, 'message');
  return longest;
}
