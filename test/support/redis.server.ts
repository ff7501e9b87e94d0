import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describeWith, redisServer, requireProgram } from './program.js';

/** `describe` for tests that need Redis. Without it they are reported as skipped, with the remedy; on CI they fail. */
export function describeWithRedis(title: string, tests: () => void): void {
  describeWith([redisServer], title, tests);
}

export interface RedisServerSettings {
  /** Further arguments of `redis-server`, e.g. `['--requirepass', 'secret']`. */
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A Redis of the test's own, on a free port, that keeps nothing. */
export class RedisServer {
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly settings: RedisServerSettings,
  ) {}

  static async start(settings: RedisServerSettings = {}): Promise<RedisServer> {
    requireProgram(redisServer);
    const server = new RedisServer(await freePort(), settings);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, empty, on the same port; resolves when it takes connections. */
  async restart(): Promise<void> {
    const { arguments: others = [], environment } = this.settings;
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...others];
    const env = { ...process.env, ...environment };
    const child = (this.process = spawn('redis-server', options, { env, stdio: ['ignore', 'pipe', 'ignore'] }));
    let said = '';
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      said += chunk.toString();
      if (said.includes('Ready to accept connections')) break;
    }
    if (!said.includes('Ready to accept connections')) throw new Error(`redis-server did not start: ${said}`);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops it in its tracks: connections stay open, and nothing is answered until {@link resume}. */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }
}

/** A node of a cluster listens on a second port, 10,000 above its own, which must be one as well. */
const MAX_PORT = 55_535;

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  // The next one is asked for while this one is taken, so that it differs.
  const usable = port <= MAX_PORT ? port : await freePort();
  probe.close();
  await once(probe, 'close');
  return usable;
}
