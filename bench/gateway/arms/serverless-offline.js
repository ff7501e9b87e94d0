import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { Child } from '../../fanout/child.js';
import { freePort } from '../../state/redis-server.js';
import { SERVER_CORE } from '../../state/cores.js';
import { cpuUsOfProcess } from '../gauges.js';
import { post } from '../offline/post.js';
import { POST_ALL } from './arms.js';

/** Requests under way at once: as many as the SDK has sockets. */
const AT_ONCE = 50;

/**
 * serverless-offline in a process of its own, with the service of `offline/`; this process is the one that broadcasts. CPU is that of both, memory
 * that of serverless-offline alone.
 *
 * @param answersBy `response` answers by a route response, `send` by a request to its endpoint
 */
export async function start({ answersBy = 'response' }) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const table = join(folder, 'connections');
  writeFileSync(table, '');
  const [port, lambdaPort] = [await freePort(), await freePort()];
  const endpoint = `http://127.0.0.1:${port}`;
  const offline = await startOffline({ port, lambdaPort, table, endpoint, answersBy });
  const idsOf = () => readFileSync(table, 'latin1').split('\n').slice(0, -1);
  let written = 0;
  return {
    port,
    path: '/',
    calls: {
      async [POST_ALL]({ data }) {
        const [ids, text] = [idsOf(), JSON.stringify(data)];
        await postAll(endpoint, ids, text);
        // A text frame from a server has 4 bytes before a payload of these sizes.
        written += ids.length * (text.length + 4);
      },
    },
    ready: () => idsOf().length,
    gauges: {
      written: () => written,
      isDrained: () => true,
      cpuUs: async () => cpuUsOfProcess() + (await offline.ask({ ask: 'cpu' })).cpuUs,
      memory: () => offline.ask({ ask: 'memory' }),
      watchStalls: () => ({
        settle: () => offline.ask({ ask: 'watch' }),
        end: async () => (await offline.ask({ ask: 'stall' })).stallMs,
      }),
    },
  };
}

async function startOffline({ port, lambdaPort, table, endpoint, answersBy }) {
  const ports = ['--websocketPort', port, '--lambdaPort', lambdaPort].map(String);
  const offline = await Child.start(
    import.meta.resolve('serverless/bin/serverless.js'),
    ['offline', 'start', '--host', '127.0.0.1', '--noSponsor', ...ports],
    {
      core: SERVER_CORE,
      cwd: fileURLToPath(new URL('../offline/', import.meta.url)),
      env: { TABLE: table, ENDPOINT: endpoint, ANSWERS_BY: answersBy },
      execArgv: ['--expose-gc', '--no-warnings', '--import', new URL('../offline/probe.js', import.meta.url).href],
      // It writes a line about each call of a function.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    },
  );
  while (!(await accepts(port))) {
    if (offline.process.exitCode !== null)
      throw new Error('serverless-offline did not start: see why in bench/gateway/offline.');
    await setTimeout(50);
  }
  return offline;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(true));
    socket.once('connect', () => socket.destroy()).once('error', () => resolve(false));
  });
}

async function postAll(endpoint, ids, text) {
  let next = 0;
  const one = async () => {
    while (next < ids.length) await post(endpoint, ids[next++], text);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
