import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('../support/typescript.loader.js', import.meta.url).href;

const started: WorkerProcess[] = [];

/** Kills what {@link WorkerProcess.start} started and still runs; call it before what they use is stopped. */
export async function killWorkers(): Promise<void> {
  await Promise.all(started.splice(0).map((worker) => worker.kill()));
}

/** A script of this folder in a process of its own, which sends one message when it is ready. */
export class WorkerProcess {
  private readonly ended: Promise<unknown>;
  /** The message that it sent when it was ready. */
  greeting: unknown;
  /** What it wrote to its standard output and error. */
  output = '';

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  /**
   * @param script in JavaScript, or in TypeScript, which runs on the source instead of what was built from it
   * @param settings what the script reads from its first argument, as JSON
   */
  static async start(script: string, settings: object): Promise<WorkerProcess> {
    const child = fork(fileURLToPath(new URL(script, import.meta.url)), [JSON.stringify(settings)], {
      execArgv: script.endsWith('.ts') ? ['--import', LOADER] : [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // The AWS SDK warns of the end of Node 20, and what a worker prints is to be an error.
      env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
    });
    const worker = new WorkerProcess(child);
    started.push(worker);
    worker.greeting = await worker.message();
    return worker;
  }

  /** Tells it to begin. */
  begin(): void {
    this.child.send('begin');
  }

  /** Sends it a question; resolves to the next thing that it sends. */
  ask(question: object | string): Promise<unknown> {
    this.child.send(question);
    return this.message();
  }

  /** The next thing that it sends. */
  async message(): Promise<unknown> {
    const message = await Promise.race([
      once(this.child, 'message').then(([value]) => ({ value: value as unknown })),
      this.ended,
    ]);
    if (typeof message === 'object' && message !== null && 'value' in message) return message.value;
    throw new Error(`The process ended. Is the package built (npm run build)?\n${this.output}`);
  }

  /** Resolves when it has written so many characters. */
  async said(characters: number): Promise<void> {
    while (this.output.length < characters) {
      const { stdout } = this.child;
      if (stdout === null || stdout.destroyed) throw new Error(`The process ended.\n${this.output}`);
      await Promise.race([once(stdout, 'data'), this.ended]);
    }
  }

  /** Resolves when it has ended by itself, and all its output is here. */
  async end(): Promise<void> {
    await this.ended;
  }

  /** Stops it in its tracks until {@link resume}: its sockets stay open, and it does nothing. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
