import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../support/redis.server.js';
import { SERVERLESS, type DeploymentFolder } from './deployment.folder.js';

const READY = /Server ready|\[http for websocket\] listening/;
const PATIENCE_MS = 60_000;

/** What `npm run offline` starts, on ports of the test's own. */
export class OfflineProcess {
  private output = '';
  private readonly ended: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly ports: readonly number[],
  ) {
    this.ended = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output = (this.output + text).slice(-10_000)));
    }
  }

  static async start(folder: DeploymentFolder, environment: Readonly<Record<string, string>>): Promise<OfflineProcess> {
    const [port, httpPort, lambdaPort] = [await freePort(), await freePort(), await freePort()];
    const child = spawn(process.execPath, [SERVERLESS, 'offline', 'start', '--stage', 'local', '--noSponsor'], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...folder.environment,
        OFFLINE_PORT: String(port),
        OFFLINE_HTTP_PORT: String(httpPort),
        OFFLINE_LAMBDA_PORT: String(lambdaPort),
        ...environment,
      },
    });
    const offline = new OfflineProcess(child, `ws://localhost:${port}`, [port, httpPort, lambdaPort]);
    await offline.untilReady();
    return offline;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** What Ctrl-C does. Resolves when the process has ended. */
  async interrupt(): Promise<void> {
    this.child.kill('SIGINT');
    await this.ended;
  }

  private async untilReady(): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    while (!READY.test(this.output)) {
      const heard = new AbortController();
      const signal = AbortSignal.any([late, heard.signal]);
      const more = [this.child.stdout, this.child.stderr].map((stream) => once(stream!, 'data', { signal }));
      const problem = await Promise.race([
        ...more.map((said) => said.then(() => null)),
        this.ended.then(() => 'ended'),
      ]).catch(() => 'was not ready in time');
      for (const said of more) said.catch(() => undefined);
      heard.abort();
      if (problem === null) continue;
      this.child.kill('SIGKILL');
      throw new Error(`serverless offline ${problem}: ${this.output}`);
    }
  }
}
