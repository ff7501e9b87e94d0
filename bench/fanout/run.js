import console from 'node:console';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Samples } from '../state/samples.js';
import { count } from '../state/table.js';
import { goalsTable } from '../state/tables.js';
import { OURS } from './arms/arms.js';
import { createCertificate } from './certificate.js';
import { COLD_SENDS, measureCold } from './cold.js';
import { goalsOf } from './goals.js';
import { measureGone } from './gone.js';
import { measureFromRedis, measureMemory, MEMORY_SENDS } from './large.js';
import { armsOf, keyOf, measureScenario } from './matrix.js';
import { ServerProcess } from './server-process.js';
import { coldTable, goneTable, largeTable, scenarioTable } from './tables.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    sends: { type: 'string', default: '10000' },
    redis: { type: 'string', default: '1000000' },
    scenarios: { type: 'string', default: '' },
    arms: { type: 'string', default: '' },
    only: { type: 'string', default: 'scenarios,cold,gone,memory,redis' },
  },
});
const [rounds, sends, redisSize] = [Number(values.rounds), Number(values.sends), Number(values.redis)];
const parts = new Set(values.only.split(','));
const allScenarios = [200, 8_192].flatMap((sizeBytes) =>
  [false, true].flatMap((isSecure) => [0, 10, 30].map((delayMs) => ({ sizeBytes, isSecure, delayMs }))),
);
const scenarios = parts.has('scenarios')
  ? allScenarios.filter((scenario) => new RegExp(values.scenarios, 'i').test(keyOf(scenario)))
  : [];
const progress = (step) => process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${step}\n`);
const when = (part, measure) => {
  if (!parts.has(part)) return null;
  progress(part);
  return measure();
};

const certificate = createCertificate();
const [plain, secure] = [await ServerProcess.start(), await ServerProcess.start(certificate)];
const matrix = new Samples();
for (const scenario of scenarios) {
  progress(keyOf(scenario));
  const server = scenario.isSecure ? secure : plain;
  const arms = armsOf(scenario).filter((arm) => new RegExp(values.arms, 'i').test(arm));
  await measureScenario(scenario, { server, certificate, rounds, sends, arms, samples: matrix });
}
const cold = await when('cold', () => measureCold(secure, certificate, rounds));
const gone = await when('gone', () => measureGone(plain, rounds, sends));
const memory = await when('memory', () => measureMemory(plain, rounds));
const fromRedis = await when('redis', () => measureFromRedis(plain, redisSize));
await Promise.all([plain.stop(), secure.stop()]);
progress('done');

const title = `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${rounds} rounds`;
const sections = { [title]: '' };
for (const scenario of scenarios) sections[`#### ${keyOf(scenario)}`] = scenarioTable(matrix, keyOf(scenario));
if (cold !== null)
  sections[`#### The first ${count(COLD_SENDS)} messages of a process: 200 B, TLS, 30 ms`] = coldTable(cold);
if (gone !== null) sections['#### A 410 against a 200: 200 B, plain, 0 ms'] = goneTable(gone);
const large = [];
if (memory !== null) {
  const names = ['rate', 'cpuUs', 'peakMb', 'growthMb', 'serverLoad'];
  const figures = Object.fromEntries(names.map((name) => [name, memory.median(OURS, MEMORY_SENDS, name)]));
  large.push([`${count(MEMORY_SENDS)} members of a channel in memory`, figures]);
}
if (fromRedis !== null) large.push([`${count(redisSize)} ids from Redis`, fromRedis]);
if (large.length > 0) sections['#### Very many recipients: 200 B, plain, 0 ms'] = largeTable(large);
sections['#### Goals'] = goalsTable([...goalsOf({ matrix, cold, gone, memory, fromRedis })]);
for (const [heading, text] of Object.entries(sections)) console.log(`${heading}\n\n${text}\n`);
