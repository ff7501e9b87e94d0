import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('lambda-host.js', import.meta.url));

interface Answer {
  readonly id: number;
  readonly response?: { readonly statusCode: number; readonly body: string };
  readonly error?: string;
}

/** The sample application's Lambda entry in a process of its own, as one Lambda instance runs it. */
export class LambdaProcess {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly ended: Promise<unknown>;
  private lastId = 0;
  /** What it logged. */
  log = '';

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (answer: Answer) => {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
    this.ended = once(child, 'exit').then(() => {
      for (const [id, resolve] of this.waiting) resolve({ id, error: `The process ended.\n${this.log}` });
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<LambdaProcess> {
    const child = fork(HOST, {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        AWS_LAMBDA_FUNCTION_NAME: 'chat',
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example-secret',
        ...environment,
      },
    });
    const lambda = new LambdaProcess(child);
    const isReady = await Promise.race([once(child, 'message'), lambda.ended.then(() => false)]);
    if (isReady === false) throw new Error(`The process did not start. Is the sample built?\n${lambda.log}`);
    return lambda;
  }

  /** Invokes the function; `environment` is set first. Rejects when the handler does. */
  async invoke(
    event: object,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<NonNullable<Answer['response']>> {
    if (!this.child.connected) throw new Error(`The process has ended.\n${this.log}`);
    const id = ++this.lastId;
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ id, event, environment });
    const { response, error } = await answered;
    if (response === undefined) throw new Error(error);
    return response;
  }

  async stop(): Promise<void> {
    this.child.kill();
    await this.ended;
  }
}
