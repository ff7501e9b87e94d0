import { connectionsArm } from './connections.js';
import * as names from './arms/arms.js';
import { count, decimal, table } from '../state/table.js';

const times = (ratio) => decimal(ratio, 2);

/** Every call that sends to everyone, at one size of audience and message. */
export function broadcastTable(samples, key) {
  const of = (call, figure) => samples.median(call, key, figure);
  const against = (call, base) => (samples.has(base, key) ? times(samples.ratioOf(call, base, 'cpuUs', key)) : '–');
  const rows = samples.operations
    .filter((call) => samples.has(call, key))
    .map((call) => [
      call,
      decimal(of(call, 'cpuUs'), 2),
      against(call, names.PREPARED),
      against(call, names.FLOOR),
      against(call, names.EMIT),
      decimal(of(call, 'stallMs')),
      count(of(call, 'bytes')),
    ]);
  const headings = ['Call', 'CPU µs', 'Against ws', 'Against C', 'Against socket.io', 'Longest stall ms', 'Bytes'];
  return table(headings, rows);
}

export function echoTable(samples, key) {
  const against = (name, base) => (samples.has(base, key) ? times(samples.ratioOf(name, base, 'cpuUs', key)) : '–');
  const rows = samples.operations.map((name) => [
    name,
    decimal(samples.median(name, key, 'cpuUs'), 2),
    against(name, names.WS_JSON),
    against(name, names.IO_EVENT),
  ]);
  return table(['Server', 'CPU µs', 'Against ws', 'Against socket.io'], rows);
}

export function connectionsTable(samples, counts) {
  const rows = samples.operations.flatMap((arm) =>
    counts.map((size, index) => [
      index === 0 ? arm : '',
      count(size),
      count(samples.median(arm, size, 'rate')),
      decimal(samples.median(arm, size, 'cpuUs')),
      count(samples.median(arm, size, 'idleBytes')),
      count(samples.median(arm, size, 'idleHeap')),
      count(samples.median(arm, size, 'usedBytes')),
      samples.has(connectionsArm(names.WS, false), size)
        ? times(samples.ratioOf(arm, names.WS, 'idleBytes', size))
        : '–',
    ]),
  );
  const headings = ['Server', 'Clients', 'Connects/s', 'CPU µs', 'Idle bytes', 'Of them heap', 'After 2 broadcasts'];
  return table([...headings, 'Idle against ws'], rows);
}
