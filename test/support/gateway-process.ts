import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { WebSocketModuleOptions } from '../../src/index.js';

const WORKER = fileURLToPath(new URL('gateway.worker.js', import.meta.url));

/** What there is in a process, after garbage was collected. */
export interface Levels {
  readonly memory: { readonly heapUsed: number; readonly external: number; readonly rss: number };
  readonly state: { readonly connections: number; readonly channels: number };
  /** Open file descriptors. */
  readonly descriptors: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly listeners: Readonly<Record<string, number>>;
  /** How many objects of these classes are alive. */
  readonly objects: Readonly<Record<string, number>>;
}

/** What must be as it was before. Memory is a matter of degree, and left out. */
export type Count = Omit<Levels, 'memory'>;

const LOOK_EVERY_MS = 100;
const MAX_WAIT_MS = 10_000;

const running: GatewayProcess[] = [];

/** Ends every process that {@link GatewayProcess.start} started. */
export async function endGatewayProcesses(): Promise<void> {
  await Promise.all(running.splice(0).map((gateway) => gateway.end()));
}

/** The embedded gateway in a process of its own, whose memory nothing else uses. */
export class GatewayProcess {
  private output = '';
  private readonly ended: Promise<void>;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    this.ended = once(child, 'close').then(() => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  static async start(options: WebSocketModuleOptions): Promise<GatewayProcess> {
    const child = fork(WORKER, [JSON.stringify({ options })], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
    });
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(child, 'close').then(() => null);
    const ready = await Promise.race([once(child, 'message'), ended]);
    if (ready === null) throw new Error(`The process did not start. Is the package built (npm run build)?\n${output}`);
    const gateway = new GatewayProcess(child, (ready[0] as { port: number }).port);
    running.push(gateway);
    return gateway;
  }

  /** What it logged: warnings and errors. */
  get logged(): string {
    return this.output;
  }

  async levels(): Promise<Levels> {
    this.child.send('levels');
    const answer = await Promise.race([once(this.child, 'message'), this.ended.then(() => null)]);
    if (answer === null) throw new Error(`The process ended.\n${this.output}`);
    return answer[0] as Levels;
  }

  /** Its levels once they stay the same: what the last clients left goes away in a moment. */
  async restingLevels(): Promise<Levels> {
    return this.levelsOnce((levels, previous) => isDeepStrictEqual(countOf(levels), previous));
  }

  /** Its levels once the counts are what they were; as they are, when that takes too long. */
  async levelsLike(before: Levels): Promise<Levels> {
    return this.levelsOnce((levels) => isDeepStrictEqual(countOf(levels), countOf(before)));
  }

  private async levelsOnce(isRight: (levels: Levels, previous: Count | null) => boolean): Promise<Levels> {
    const until = Date.now() + MAX_WAIT_MS;
    let previous: Count | null = null;
    for (;;) {
      const levels = await this.levels();
      if (isRight(levels, previous) || Date.now() > until) return levels;
      previous = countOf(levels);
      await delay(LOOK_EVERY_MS);
    }
  }

  /** Closes the application. @throws when the process does not end by itself then; it is killed */
  async end(): Promise<void> {
    if (this.child.connected) this.child.send('end');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), MAX_WAIT_MS);
    await this.ended;
    clearTimeout(timer);
    if (this.child.signalCode !== null) throw new Error(`The application did not close.\n${this.output}`);
  }
}

export function countOf({ state, descriptors, resources, listeners, objects }: Levels): Count {
  return { state, descriptors, resources, listeners, objects };
}

/** How many clients attack: all of them when the environment variable `HOSTILE` is `full`. */
export function attackers(few: number, all: number): number {
  return process.env['HOSTILE'] === 'full' ? all : few;
}

/** Prints what was measured when all of them attacked. */
export function report(what: string, count: number, measured: object): void {
  if (process.env['HOSTILE'] === 'full') process.stderr.write(`${count} ${what}: ${JSON.stringify(measured)}\n`);
}
