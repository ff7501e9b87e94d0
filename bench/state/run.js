import console from 'node:console';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { measureArrays } from './arrays.js';
import { measureBigChannel } from './big-channel.js';
import { CLIENT_CORE, pin } from './cores.js';
import { goalsOf } from './goals.js';
import { measureLayouts } from './layouts.js';
import { SizedStore } from './sized-store.js';
import { measureSizes } from './sizes.js';
import * as tables from './tables.js';

const { values } = parseArgs({
  options: { max: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '15' } },
});
const [max, rounds] = [Number(values.max), Number(values.rounds)];
const sizes = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= max);
const progress = (step) => process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${step}\n`);

pin(process.pid, CLIENT_CORE);
const stores = [];
for (const size of sizes) {
  progress(`connecting ${size.toLocaleString('en')}`);
  stores.push(await SizedStore.create(size));
}
progress(`${rounds} rounds of every operation at every size`);
const costs = await measureSizes(stores, rounds);
progress('arrays in a cache');
const arrays = await measureArrays(stores);
progress('one channel of everyone');
const largest = stores.at(-1);
const bigChannel = { size: largest.size, samples: await measureBigChannel(largest) };
progress('layouts');
const layoutSizes = sizes.filter((size) => size === 1_000 || size === 100_000);
const layouts = await measureLayouts(layoutSizes);
const { redis_version: version } = await largest.server.info('server');
for (const sized of stores) await sized.close();
progress('done');

const arraySizes = sizes.filter((size) => size <= 100_000);
const sections = {
  [`Node ${process.version}, Redis ${version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`]: '',
  [`#### Every operation, ${rounds} rounds`]: tables.costsTable(costs, sizes),
  [`#### Against ${sizes[0].toLocaleString('en')} connections`]: tables.ratiosTable(costs, sizes),
  '#### Arrays': tables.arraysTable(arrays, arraySizes),
  [`#### A channel of ${largest.size.toLocaleString('en')}`]: tables.bigChannelTable(bigChannel.samples, largest.size),
  '#### Memory': tables.storeBytesTable(stores),
  '#### Other layouts': tables.layoutsTable(layouts, layoutSizes),
  '#### Goals': tables.goalsTable([...goalsOf({ stores, costs, arrays, bigChannel })]),
};
for (const [heading, text] of Object.entries(sections)) console.log(`${heading}\n\n${text}\n`);
