import * as names from './arms/arms.js';
import { COLD_SENDS } from './cold.js';
import { count, decimal, table } from '../state/table.js';

const times = (ratio) => decimal(ratio, ratio < 10 ? 2 : 1);
const percent = (part) => `${decimal(part * 100, 0)} %`;

/** Every arm in one scenario. */
export function scenarioTable(samples, key) {
  const headings = [
    'Sender',
    'Messages/s',
    'CPU µs',
    'Against the SDK, 50 at once',
    'Against the floor',
    'Memory +MB',
    'Server busy',
    'Messages',
  ];
  const rows = samples.operations
    .filter((arm) => samples.has(arm, key))
    .map((arm) => [
      arm,
      count(samples.median(arm, key, 'rate')),
      decimal(samples.median(arm, key, 'cpuUs')),
      samples.has(names.BOUNDED, key) ? times(samples.ratioOf(arm, names.BOUNDED, 'cpuUs', key)) : '–',
      samples.has(names.FLOOR, key) ? times(samples.ratioOf(arm, names.FLOOR, 'cpuUs', key)) : '–',
      decimal(samples.median(arm, key, 'growthMb'), 0),
      percent(samples.median(arm, key, 'serverLoad')),
      count(samples.median(arm, key, 'delivered')),
    ]);
  return table(headings, rows);
}

export function coldTable(samples) {
  const headings = ['Sender', 'Wall ms', 'CPU ms', 'Peak MB', 'Server busy'];
  const rows = samples.operations.map((name) => {
    const of = (figure) => samples.median(name, COLD_SENDS, figure);
    return [
      name,
      ...['elapsedMs', 'cpuMs', 'peakMb'].map((figure) => decimal(of(figure), 0)),
      percent(of('serverLoad')),
    ];
  });
  return table(headings, rows);
}

export function goneTable(samples) {
  const rows = samples.operations.map((arm) => [
    arm,
    ...[200, 410].map((status) => decimal(samples.median(arm, status, 'cpuUs'))),
    times(samples.ratio(arm, 'cpuUs', 410, 200)),
  ]);
  return table(['Sender', 'CPU µs of a 200', 'CPU µs of a 410', 'Ratio'], rows);
}

/** Rows of figures for calls to very many. */
export function largeTable(rows) {
  const headings = ['Call', 'Messages/s', 'CPU µs', 'Peak MB', 'Memory +MB', 'Server busy'];
  return table(
    headings,
    rows.map(([name, { rate, cpuUs, peakMb, growthMb, serverLoad }]) => [
      name,
      count(rate),
      decimal(cpuUs),
      decimal(peakMb, 0),
      decimal(growthMb, 0),
      percent(serverLoad),
    ]),
  );
}
