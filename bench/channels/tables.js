import { count, decimal, table } from '../state/table.js';
import { IO } from './arms/arms.js';
import { CHANGES } from './churn.js';
import { EMIT, PUBLISH, PUBLISH_KEPT, publishArm, RELAY } from './publishing.js';
import { NEWCOMERS, RETURNS } from './recovery.js';
import { STORM_ARMS, STORM_KINDS } from './storms.js';

const times = (ratio) => decimal(ratio, 2);
const whole = (number) => (Number.isFinite(number) ? count(number) : '–');
/** How many times the figure of one is that of another, where both were measured. */
const against = (samples, [one, base], figure, key) =>
  samples.has(base, key) ? times(samples.ratioOf(one, base, figure, key)) : '–';

const LATENCY = ['p50 ms', 'p99 ms'];
const REDIS = ['Redis CPU µs', 'Redis calls'];

/** A column: its heading, the figure it shows, and how that is written. */
const cells = (of, columns) => columns.map(([figure, write]) => write(of(figure)));

export function stormTable(samples) {
  const rows = STORM_KINDS.flatMap((kind) =>
    STORM_ARMS.filter((arm) => samples.has(arm, kind)).map((arm, index) => {
      const of = (figure) => samples.median(arm, kind, figure);
      return [
        index === 0 ? kind : '',
        arm,
        ...cells(of, [
          ['elapsedMs', whole],
          ['p50', whole],
          ['p99', whole],
          ['perSubscribeUs', decimal],
        ]),
        against(samples, [arm, IO], 'perSubscribeUs', kind),
        against(samples, [arm, IO], 'elapsedMs', kind),
        ...cells(of, [
          ['stallMs', decimal],
          ['heapEach', whole],
          ['redisPerSubscribeUs', decimal],
          ['commandsEach', times],
          ['redisEach', whole],
        ]),
      ];
    }),
  );
  const ratios = ['CPU against socket.io', 'Time against socket.io'];
  const headings = ['Channel', 'Server', 'All ms', ...LATENCY, 'CPU µs', ...ratios, 'Stall ms', 'Heap bytes'];
  return table([...headings, ...REDIS, 'Redis bytes'], rows);
}

export function publishTable(samples, sizeBytes) {
  const relays = new Map(
    STORM_ARMS.flatMap((arm) =>
      [PUBLISH, PUBLISH_KEPT, RELAY].map((call) => [publishArm(arm, call), publishArm(arm, RELAY)]),
    ),
  );
  const rows = samples.operations.map((name) => {
    const of = (figure) => samples.median(name, sizeBytes, figure);
    const relay = relays.get(name);
    return [
      name,
      ...cells(of, [
        ['bytes', count],
        ['cpuEach', times],
      ]),
      against(samples, [name, relay], 'cpuEach', sizeBytes),
      against(samples, [name, EMIT], 'cpuEach', sizeBytes),
      ...cells(of, [
        ['p50', decimal],
        ['p99', decimal],
        ['untilAllMs', decimal],
      ]),
      against(samples, [name, EMIT], 'untilAllMs', sizeBytes),
      ...cells(of, [
        ['stallMs', decimal],
        ['redisCpuEach', times],
      ]),
      Number.isFinite(of('requests')) ? `${of('requests')} + ${of('answers')}` : '–',
    ];
  });
  const ratios = ['Against manager.to', 'Against socket.io'];
  const headings = ['Call', 'Bytes', 'CPU µs', ...ratios, ...LATENCY, 'All ms', 'Time against socket.io', 'Stall ms'];
  return table([...headings, 'Redis CPU µs', 'Bus messages'], rows);
}

export function churnTable(samples) {
  const rows = samples.operations.flatMap((arm) =>
    CHANGES.map((change, index) => {
      const of = (figure) => samples.median(arm, change, figure);
      return [
        index === 0 ? arm : '',
        change,
        ...cells(of, [
          ['elapsedEachUs', whole],
          ['p50', whole],
          ['p99', whole],
          ['cpuEach', decimal],
        ]),
        against(samples, [arm, IO], 'cpuEach', change),
        ...cells(of, [
          ['stallMs', decimal],
          ['redisCpuEach', decimal],
          ['commandsEach', times],
        ]),
        Number.isFinite(of('requestsEach')) ? `${times(of('requestsEach'))} + ${times(of('answersEach'))}` : '–',
        ...cells(of, [
          ['heapEach', whole],
          ['redisEach', whole],
        ]),
      ];
    }),
  );
  const headings = ['Server', 'Change', 'µs', ...LATENCY, 'CPU µs', 'Against socket.io', 'Stall ms', ...REDIS];
  return table([...headings, 'Bus messages', 'Heap left', 'Redis left'], rows);
}

export function recoveryTable(samples, clients) {
  const rows = RETURNS.map((how) => [
    how,
    ...cells(
      (figure) => samples.median(how, clients, figure),
      [
        ['elapsedMs', whole],
        ['p50', whole],
        ['p99', whole],
        ['cpuEach', decimal],
      ],
    ),
    times(samples.ratioOf(how, NEWCOMERS, 'cpuEach', clients)),
    times(samples.ratioOf(how, NEWCOMERS, 'elapsedMs', clients)),
    ...cells(
      (figure) => samples.median(how, clients, figure),
      [
        ['stallMs', decimal],
        ['heapEach', whole],
        ['rssEach', whole],
        ['redisCpuEach', decimal],
        ['commandsEach', times],
        ['redisEach', whole],
        ['missedMs', whole],
      ],
    ),
  ]);
  const ratios = ['CPU against newcomers', 'Time against newcomers'];
  const headings = ['Return', 'All ms', ...LATENCY, 'CPU µs', ...ratios, 'Stall ms', 'Heap bytes', 'Resident bytes'];
  return table([...headings, ...REDIS, 'Redis bytes', 'To publish 20, ms'], rows);
}
