import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const HOST = join(import.meta.dirname, 'bundle.host.js');

interface Answer {
  readonly id: number;
  readonly response?: unknown;
  readonly error?: string;
}

/** A bundle in a process of its own, as one Lambda instance runs it. */
export class BundledFunction {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly ended: Promise<unknown>;
  private lastId = 0;
  private log = '';

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (answer: Answer) => {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    }
    this.ended = once(child, 'exit').then(() => {
      for (const [id, resolve] of this.waiting) resolve({ id, error: `The process has ended.\n${this.log}` });
    });
  }

  static async start(file: string, environment: Readonly<Record<string, string>>): Promise<BundledFunction> {
    const child = fork(HOST, [file], {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        AWS_LAMBDA_FUNCTION_NAME: 'chat',
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example-secret',
        ...environment,
      },
    });
    const started = new BundledFunction(child);
    const isUp = await Promise.race([once(child, 'message'), started.ended.then(() => false)]);
    if (isUp === false) throw new Error(`The bundle does not load.\n${started.log}`);
    return started;
  }

  /** Invokes it; `environment` is set first. Rejects when the handler does. */
  async invoke(event: unknown, environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
    if (!this.child.connected) throw new Error(`The process has ended.\n${this.log}`);
    const id = ++this.lastId;
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ id, event, environment });
    const { response, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return response;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
