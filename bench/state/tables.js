import { ARRAY, CACHE_STORE, REDIS_STORE } from './arrays.js';
import { IDLE } from './big-channel.js';
import { count, decimal, table } from './table.js';

const sizeName = (size) => count(size);
const us = (ms) => decimal(ms * 1_000, 0);

/** What each operation costs at each size. */
export function costsTable(samples, sizes) {
  const headings = [
    'Operation',
    'Connected',
    'Per second',
    'p50 µs',
    'p99 µs',
    'Client CPU µs',
    'Redis CPU µs',
    'Script µs',
  ];
  const rows = samples.operations.flatMap((operation) =>
    sizes.map((size, index) => {
      const of = (figure) => samples.median(operation, size, figure);
      return [
        index === 0 ? operation : '',
        sizeName(size),
        count(of('rate')),
        us(of('p50')),
        us(of('p99')),
        ...['clientCpu', 'redisCpu', 'script'].map((figure) => decimal(of(figure))),
        decimal(of('loopDelay')),
        decimal(of('roundTrips'), 0),
      ];
    }),
  );
  return table([...headings, 'Loop ms', 'Round trips'], rows);
}

/** How many times the cost at the smallest size each operation costs at the others, by three measures. */
export function ratiosTable(samples, sizes) {
  const [base, ...larger] = sizes;
  const figures = { p50: 'p50', redisCpu: 'Redis CPU', script: 'script' };
  const headings = Object.values(figures).flatMap((name) => larger.map((size) => `${name}, ${sizeName(size)}`));
  const rows = samples.operations.map((operation) => [
    operation,
    ...Object.keys(figures).flatMap((figure) =>
      larger.map((size) => decimal(samples.ratio(operation, figure, size, base), 2)),
    ),
  ]);
  return table(['Operation', ...headings], rows);
}

/** A connect and a disconnect on arrays and on native types. */
export function arraysTable(samples, sizes) {
  const rows = [ARRAY, CACHE_STORE, REDIS_STORE].flatMap((name) =>
    sizes.map((size, index) => {
      const of = (operation, figure) => samples.median(`${name}: ${operation}`, size, figure);
      const ratio = (figure) => of('connect', figure) / samples.median(`${REDIS_STORE}: connect`, size, figure);
      return [
        index === 0 ? name : '',
        sizeName(size),
        ...['connect', 'disconnect'].map((operation) => count(of(operation, 'p50') * 1_000)),
        ...['clientCpu', 'redisCpu'].map((figure) => count(of('connect', figure))),
        ...['p50', 'clientCpu'].map((figure) => `${count(ratio(figure))} ×`),
      ];
    }),
  );
  const headings = ['Layout', 'Connected', 'Connect p50 µs', 'Disconnect p50 µs', 'Client CPU µs', 'Redis CPU µs'];
  return table([...headings, 'p50 against ours', 'CPU against ours'], rows);
}

export function bigChannelTable(samples, size) {
  const rows = samples.operations.map((name) => [
    name,
    ...(name === IDLE ? ['–', '–'] : ['first', 'total'].map((figure) => decimal(samples.median(name, size, figure)))),
    decimal(samples.median(name, size, 'longestPing')),
  ]);
  return table(['Read', 'First page ms', 'Total ms', "Another client's longest PING ms"], rows);
}

export function storeBytesTable(stores) {
  const rows = stores.map(({ size, bytes, mostBytes }) => [
    sizeName(size),
    count(bytes),
    mostBytes === 0 ? '–' : count(mostBytes),
  ]);
  return table(['Connected', 'Bytes per connection', 'Most on the way'], rows);
}

export function layoutsTable(layouts, sizes) {
  const rows = Object.entries(layouts).map(([name, bytes]) => [name, ...sizes.map((size) => count(bytes[size]))]);
  return table(['Layout', ...sizes.map(sizeName)], rows);
}

export function goalsTable(goals) {
  const rows = goals.map(({ goal, most, least, figure, digits = 2 }) => {
    const isReached = most === undefined ? figure >= least : figure <= most;
    const limit = most === undefined ? `≥ ${least.toLocaleString('en')}` : `≤ ${most.toLocaleString('en')}`;
    const shown = figure >= 1_000 ? count(figure) : decimal(figure, digits);
    return [goal, limit, shown, isReached ? 'reached' : 'missed'];
  });
  return table(['Goal', 'Limit', 'Measured', ''], rows);
}
