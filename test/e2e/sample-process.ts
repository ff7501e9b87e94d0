import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../sample-app/dist/main.js', import.meta.url));

/** How many addresses it prints: that of the chat, and that of the page for operators. */
const ADDRESSES = 2;

/** The sample application, running as its own process as `npm start` runs it. */
export class SampleProcess {
  private readonly ended: Promise<number | null>;

  private constructor(
    private readonly child: ChildProcess,
    /** Where its page is. */
    readonly url: string,
    /** Where its operators look. */
    readonly statsUrl: string,
  ) {
    this.ended = once(child, 'exit').then(([code]) => code as number | null);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get webSocketUrl(): string {
    return `${this.url.replace(/^http/, 'ws')}/ws`;
  }

  /** @param port 0 takes a free one */
  static async start(port = 0, environment: Readonly<Record<string, string>> = {}): Promise<SampleProcess> {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, ...environment, PORT: String(port), NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const printed: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /https?:\/\/\S+/.exec(line)?.[0];
      if (url !== undefined) printed.push(url);
      if (printed.length === ADDRESSES) return new SampleProcess(child, printed[0]!, printed[1]!);
    }
    throw new Error('The sample application ended without printing its URLs. Is it built (npm run build:sample)?');
  }

  /** Asks it to end, and resolves its exit code: `null` when a signal ended it. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.ended;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
