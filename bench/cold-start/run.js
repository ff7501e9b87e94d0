import console from 'node:console';
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Samples } from '../state/samples.js';
import { goalsTable } from '../state/tables.js';
import { ARMS, DEPENDENCIES, EMPTY, ESM } from './arms.js';
import { Bundles } from './bundles.js';
import { goalsOf } from './goals.js';
import { ManagementApiStandIn } from './stand-in.js';
import { start } from './start.js';
import { startTable, TABLE } from './table.server.js';
import { armsTable, dependenciesTable } from './tables.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '31' },
    node: { type: 'string', multiple: true, default: [process.execPath] },
    only: { type: 'string', default: 'arms,dependencies' },
  },
});
const rounds = Number(values.rounds);
const parts = new Set(values.only.split(','));

const bundles = new Bundles();
const [empty] = ARMS;
const forms = [];
for (const arm of parts.has('arms') ? ARMS : [empty]) {
  for (const form of arm.forms)
    forms.push({ name: arm.name, form, sends: arm !== empty, ...(await bundles.of(arm, form)) });
}
if (parts.has('dependencies')) {
  for (const name of DEPENDENCIES) forms.push({ name, form: ESM, ...(await bundles.ofPackage(name)) });
}

const [standIn, table] = [await ManagementApiStandIn.start(), await startTable()];
const environment = {
  WEBSOCKET_API_GATEWAY_ENDPOINT: standIn.endpoint,
  AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
  TABLE,
};
try {
  for (const node of values.node) {
    const samples = new Samples();
    // One process of each after the other, so that what else the machine does touches all alike. The first round warms up the disk's cache.
    for (let round = -1; round < rounds; round++) {
      for (const { name, form, file, sends = false } of forms) {
        const before = standIn.posted;
        samples.add(name, form, round, await start(node, file, environment));
        if (sends && standIn.posted !== before + 1) throw new Error(`${name}, ${form}, has sent nothing.`);
      }
    }
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    console.log(`Node ${version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${rounds} rounds\n`);
    if (parts.has('arms')) {
      console.log(`#### First event answered\n\n${armsTable(samples, forms)}\n`);
      console.log(`#### Goals\n\n${goalsTable([...goalsOf(samples, forms)])}\n`);
    }
    if (parts.has('dependencies')) {
      const base = (figure) => samples.median(EMPTY, ESM, figure);
      console.log(`#### What each dependency costs\n\n${dependenciesTable(samples, forms, base)}\n`);
    }
  }
} finally {
  standIn.stop();
  table.stop();
}
