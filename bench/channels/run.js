import console from 'node:console';
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Samples } from '../state/samples.js';
import { count } from '../state/table.js';
import { QUIET, TOLD } from './arms/arms.js';
import { measureChurn } from './churn.js';
import { measurePublishing } from './publishing.js';
import { measureRecovery } from './recovery.js';
import { measureStorms } from './storms.js';
import { churnTable, publishTable, recoveryTable, stormTable } from './tables.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    clients: { type: 'string', default: '10000' },
    told: { type: 'string', default: '1000' },
    sizes: { type: 'string', default: '200,8192' },
    arms: { type: 'string', default: '' },
    only: { type: 'string', default: 'storm,publish,churn,told,recovery' },
    profile: { type: 'string' },
  },
});
const [rounds, clients, told] = [values.rounds, values.clients, values.told].map(Number);
const sizes = values.sizes.split(',').map(Number);
const { profile } = values;
const arms = new RegExp(values.arms, 'i');
const sections = {
  async storm(samples) {
    await measureStorms({ count: clients }, { rounds, arms, samples, profile });
    return { [`#### ${count(clients)} clients subscribe at once`]: stormTable(samples) };
  },
  async publish(samples) {
    await measurePublishing({ count: clients }, { sizes, rounds, arms, samples, profile });
    return Object.fromEntries(
      sizes.map((size) => [
        `#### A client publishes ${count(size)} B to ${count(clients)}`,
        publishTable(samples, size),
      ]),
    );
  },
  async churn(samples) {
    await measureChurn({ count: clients, kind: QUIET }, { rounds, arms, samples, profile });
    return { [`#### A fifth of ${count(clients)} members leaves and comes back, nobody is told`]: churnTable(samples) };
  },
  async told(samples) {
    await measureChurn({ count: told, kind: TOLD }, { rounds, arms, samples, profile });
    return { [`#### A fifth of ${count(told)} members leaves and comes back, all are told`]: churnTable(samples) };
  },
  async recovery(samples) {
    await measureRecovery({ count: clients }, { rounds: Math.ceil(rounds / 2), samples, profile });
    return { [`#### ${count(clients)} clients come back after their node died`]: recoveryTable(samples, clients) };
  },
};

console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${rounds} rounds\n`);
for (const part of values.only.split(',')) {
  const [load] = loadavg();
  const elapsed = (performance.now() / 1_000).toFixed(0).padStart(4);
  process.stderr.write(`${elapsed} s  ${part}, load ${load.toFixed(1)}\n`);
  for (const [heading, text] of Object.entries(await sections[part](new Samples()))) {
    console.log(`${heading}\n\n${text}\n`);
  }
}
