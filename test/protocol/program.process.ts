import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('../support/typescript.loader.js', import.meta.url).href;

interface Answer {
  readonly id: number;
  readonly response?: unknown;
  readonly error?: string;
}

/** One of this folder's programs, in a process of its own. */
export class ProgramProcess {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly ended: Promise<unknown>;
  private lastId = 0;
  private output = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.ended = once(child, 'exit').then(() => {
      for (const [id, resolve] of this.waiting) resolve({ id, error: this.whyItEnded });
    });
    child.on('message', (answer: Answer) => {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
  }

  /** Starts a program, and resolves with the first thing that it tells. */
  static async start(
    file: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ program: ProgramProcess; told: unknown }> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      execArgv: ['--import', LOADER],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environment },
    });
    const program = new ProgramProcess(child);
    const told: unknown = await Promise.race([
      once(child, 'message').then(([message]) => message as unknown),
      program.ended.then(() => null),
    ]);
    if (told === null) throw new Error(`${program.whyItEnded}\nIs the package built (npm run build)?`);
    return { program, told };
  }

  /** Asks something and resolves what the program answers. */
  async ask(event: object): Promise<unknown> {
    if (!this.child.connected) throw new Error(this.whyItEnded);
    const id = ++this.lastId;
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ id, event });
    const { response, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return response;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    // What an application does that does not end is another test's matter.
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 3_000);
    await this.ended;
    clearTimeout(timer);
  }

  private get whyItEnded(): string {
    return `The process has ended.\n${this.output}`;
  }
}
