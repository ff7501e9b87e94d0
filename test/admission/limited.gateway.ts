import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('../support/typescript.loader.js', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('limited-gateway.program.ts', import.meta.url));

const running: LimitedGateway[] = [];

/** Ends what {@link LimitedGateway.start} started and still runs. */
export async function killLimitedGateways(): Promise<void> {
  await Promise.all(running.splice(0).map((gateway) => gateway.kill()));
}

/** A gateway in a process of its own. */
export class LimitedGateway {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {
    running.push(this);
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<LimitedGateway> {
    const child = fork(PROGRAM, {
      execArgv: ['--import', LOADER],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...environment },
    });
    const ended = once(child, 'exit').then(() => null);
    const told = await Promise.race([once(child, 'message'), ended]);
    if (told === null) throw new Error('The gateway did not start.');
    return new LimitedGateway((told as [string])[0], child);
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
