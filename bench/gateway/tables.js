import { broadcastKey } from './broadcasts.js';
import { NODES } from './cluster.js';
import { connectionsArm } from './connections.js';
import { ECHO } from './echo.js';
import * as names from './arms/arms.js';
import { count, decimal, table } from '../state/table.js';

const times = (ratio) => decimal(ratio, 2);
const bytes = (number) => (Number.isFinite(number) ? count(number) : '–');

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
      bytes(samples.median(arm, size, 'idleBytes')),
      count(samples.median(arm, size, 'idleHeap')),
      bytes(samples.median(arm, size, 'usedBytes')),
      samples.has(connectionsArm(names.WS, false), size)
        ? times(samples.ratioOf(arm, names.WS, 'idleBytes', size))
        : '–',
    ]),
  );
  const headings = ['Server', 'Clients', 'Connects/s', 'CPU µs', 'Idle bytes', 'Of them heap', 'After 2 broadcasts'];
  return table([...headings, 'Idle against ws'], rows);
}

/** The same clients on one node and on three. */
export function clusterTable(samples, { counts, sizes }) {
  const [one, three] = NODES;
  const rows = counts.flatMap((size) =>
    sizes.map((sizeBytes) => {
      const key = broadcastKey({ count: size, sizeBytes, isCompressed: false });
      const pair = (figure, write) => [one, three].map((nodes) => write(samples.median(nodes, key, figure)));
      const ratio = (figure) => times(samples.ratioOf(three, one, figure, key));
      const bus = (figure) => samples.median(three, key, figure);
      return [
        key,
        ...pair('cpuUs', (figure) => decimal(figure, 2)),
        ratio('cpuUs'),
        ...pair('perSecond', count),
        ratio('perSecond'),
        ...pair('redisCpuUs', (figure) => decimal(figure, 2)),
        `${bus('requests')} + ${bus('answers')}`,
      ];
    }),
  );
  const headings = ['Broadcast to', 'CPU µs, 1 node', '3 nodes', 'Ratio', 'Per second, 1 node', '3 nodes', 'Ratio'];
  return table([...headings, 'Redis CPU µs, 1 node', '3 nodes', 'Bus messages'], rows);
}

/** Ours beside serverless-offline, in everything that was measured of both. */
export function offlineTable({ broadcasts, echoes, connections, counts, sizes }) {
  const cpu = 'CPU µs';
  const rows = [];
  const add = (what, samples, [ours, offline], [figure, key], write) => {
    if (!samples.has(ours, key) || !samples.has(offline, key)) return;
    const figures = [ours, offline].map((name) => write(samples.median(name, key, figure)));
    rows.push([what, ...figures, times(samples.ratioOf(offline, ours, figure, key))]);
  };
  const exact = (figure) => decimal(figure, 2);
  for (const size of counts) {
    for (const sizeBytes of sizes) {
      const key = broadcastKey({ count: size, sizeBytes, isCompressed: false });
      const calls = [names.CHANNEL, names.POST_ALL];
      add(`broadcast, ${key}: ${cpu} per recipient`, broadcasts, calls, ['cpuUs', key], exact);
      add(`broadcast, ${key}: µs per recipient`, broadcasts, calls, ['elapsedUs', key], exact);
      add(`broadcast, ${key}: longest stall ms`, broadcasts, calls, ['stallMs', key], decimal);
    }
  }
  add(`echo by route response: ${cpu}`, echoes, [names.ROUTE_RESPONSE, names.OFFLINE_RESPONSE], ['cpuUs', ECHO], exact);
  add(`echo by a message: ${cpu}`, echoes, [names.SEND_BACK, names.OFFLINE_SEND_BACK], ['cpuUs', ECHO], exact);
  for (const size of counts) {
    const at = `${count(size)} clients`;
    const arms = [connectionsArm(names.OURS, false), connectionsArm(names.OFFLINE, false)];
    add(`connects per second, ${at}`, connections, arms, ['rate', size], count);
    add(`connect, ${at}: ${cpu}`, connections, arms, ['cpuUs', size], decimal);
    add(`heap per idle connection, ${at}: bytes`, connections, arms, ['idleHeap', size], count);
  }
  return rows.length === 0 ? null : table(['What', 'Ours', 'serverless-offline', 'Ratio'], rows);
}
