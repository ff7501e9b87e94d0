import console from 'node:console';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Samples } from '../state/samples.js';
import { count } from '../state/table.js';
import { goalsTable } from '../state/tables.js';
import { broadcastKey, measureBroadcasts } from './broadcasts.js';
import { measureCluster } from './cluster.js';
import { measureConnections } from './connections.js';
import { ECHO, measureEcho } from './echo.js';
import { compileFloor } from './floor.js';
import { goalsOf } from './goals.js';
import { broadcastTable, clusterTable, connectionsTable, echoTable, offlineTable } from './tables.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    clients: { type: 'string', default: '1000,5000,10000' },
    sizes: { type: 'string', default: '200,8192' },
    messages: { type: 'string', default: '30000' },
    arms: { type: 'string', default: '' },
    only: { type: 'string', default: 'broadcast,compressed,echo,connections,cluster' },
    profile: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const [counts, sizes] = [values.clients, values.sizes].map((list) => list.split(',').map(Number));
const [parts, arms] = [new Set(values.only.split(',')), new RegExp(values.arms, 'i')];
const progress = (step) => process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${step}\n`);

const floor = compileFloor();
const [broadcasts, compressed, echoes, connections, cluster] = Array.from({ length: 5 }, () => new Samples());
for (const [part, isCompressed, samples] of [
  ['broadcast', false, broadcasts],
  ['compressed', true, compressed],
]) {
  for (const audience of parts.has(part) ? counts : []) {
    progress(`${part}, ${count(audience)} clients`);
    await measureBroadcasts({ count: audience, isCompressed }, { sizes, rounds, floor, arms, samples });
  }
}
if (parts.has('echo')) {
  progress('echo');
  await measureEcho({ messages: Number(values.messages) }, { rounds, arms, samples: echoes, profile: values.profile });
}
for (const isCompressed of parts.has('connections') ? [false, true] : []) {
  progress(isCompressed ? 'connections, compressed' : 'connections');
  await measureConnections({ counts, isCompressed }, { rounds: Math.ceil(rounds / 2), arms, samples: connections });
}
for (const audience of parts.has('cluster') ? counts : []) {
  progress(`cluster, ${count(audience)} clients`);
  await measureCluster({ count: audience }, { sizes, rounds, samples: cluster });
}
progress('done');

console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${rounds} rounds\n`);
for (const [samples, isCompressed] of [
  [broadcasts, false],
  [compressed, true],
]) {
  for (const audience of samples.operations.length > 0 ? counts : []) {
    for (const sizeBytes of sizes) {
      const key = broadcastKey({ count: audience, sizeBytes, isCompressed });
      console.log(`#### ${key}\n\n${broadcastTable(samples, key)}\n`);
    }
  }
}
if (parts.has('echo')) console.log(`#### Echo, ${ECHO}\n\n${echoTable(echoes, ECHO)}\n`);
if (parts.has('connections')) console.log(`#### Connections\n\n${connectionsTable(connections, counts)}\n`);
const offline = offlineTable({ broadcasts, echoes, connections, counts, sizes });
if (offline !== null) console.log(`#### Beside serverless-offline\n\n${offline}\n`);
if (parts.has('cluster')) console.log(`#### Cluster\n\n${clusterTable(cluster, { counts, sizes })}\n`);
const goals = [...goalsOf({ broadcasts, compressed, echoes, connections, counts, sizes })];
if (goals.length > 0) console.log(`#### Goals\n\n${goalsTable(goals)}`);
