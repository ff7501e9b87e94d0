import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/redis.server.js';

const SERVICE = fileURLToPath(new URL('serverless-offline/', import.meta.url));
const LOADER = new URL('../support/typescript.loader.js', import.meta.url).href;
const COMMAND = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');

const READY = 'Server ready';
const PATIENCE_MS = 60_000;

/** `serverless offline start` with the application of the suite. */
export class ServerlessOfflineProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
    private readonly home: string,
    readonly url: string,
  ) {}

  static async start(redisUrl: string): Promise<ServerlessOfflineProcess> {
    const [websocketPort, httpPort, lambdaPort] = [await freePort(), await freePort(), await freePort()];
    // It keeps a file of its own in the folder of its user.
    const home = mkdtempSync(join(tmpdir(), 'serverless-'));
    const child = spawn(process.execPath, [COMMAND, 'offline', 'start', '--noSponsor'], {
      cwd: SERVICE,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HOME: home,
        NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${LOADER}`,
        SLS_TELEMETRY_DISABLED: '1',
        SLS_NOTIFICATIONS_MODE: 'off',
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example-secret',
        REDIS_URL: redisUrl,
        WEBSOCKET_PORT: String(websocketPort),
        HTTP_PORT: String(httpPort),
        LAMBDA_PORT: String(lambdaPort),
      },
    });
    const ended = once(child, 'exit');
    const url = `ws://localhost:${websocketPort}`;
    const offline = new ServerlessOfflineProcess(child, ended, home, url);
    const problem = await untilReady(child, ended);
    if (problem === null) return offline;
    await offline.stop();
    throw new Error(`serverless offline did not start: ${problem}`);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await this.ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Resolves what it said in place of being ready. */
function untilReady(child: ChildProcess, ended: Promise<unknown>): Promise<string | null> {
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => resolve(`not in time: ${said}`), PATIENCE_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-10_000);
        if (!said.includes(READY) && !said.includes('[http for websocket] listening')) return;
        clearTimeout(timer);
        resolve(null);
      });
    }
    void ended.then(() => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}
