import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('function.host.js', import.meta.url));

interface Answer<Response> {
  readonly id: number;
  readonly response?: Response;
  readonly error?: string;
}

/** The entry of a Lambda function in a process of its own, as one Lambda instance runs it. */
export class FunctionProcess<Response = unknown> {
  private readonly waiting = new Map<number, (answer: Answer<Response>) => void>();
  private readonly ended: Promise<unknown>;
  private lastId = 0;
  /** What it printed. */
  log = '';

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (answer: Answer<Response>) => {
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

  /**
   * @param file exports `handler`
   * @param node the program that runs it
   */
  static async start<Response = unknown>(
    file: string,
    environment: Readonly<Record<string, string>>,
    node = process.execPath,
  ): Promise<FunctionProcess<Response>> {
    const child = fork(HOST, [file], {
      execPath: node,
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
    const started = new FunctionProcess<Response>(child);
    const isUp = await Promise.race([once(child, 'message'), started.ended.then(() => false)]);
    if (isUp === false) throw new Error(`The function does not load. Is it built?\n${started.log}`);
    return started;
  }

  /** Invokes it; `environment` is set first. Rejects when the handler does. */
  async invoke(event: unknown, environment: Readonly<Record<string, string>> = {}): Promise<Response> {
    if (!this.child.connected) throw new Error(`The process has ended.\n${this.log}`);
    const id = ++this.lastId;
    const answered = new Promise<Answer<Response>>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ id, event, environment });
    const { response, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return response as Response;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
