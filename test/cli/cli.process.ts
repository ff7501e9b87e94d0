import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(import.meta.dirname, '../..');
export const MAIN = join(ROOT, 'dist/cli/main.js');

/** A file of the folder `applications`. */
export function application(name: string): string {
  return fileURLToPath(new URL(`applications/${name}`, import.meta.url));
}

export interface CliSettings {
  /** The whole environment, but for `PATH`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it reads on its stdin. */
  readonly stdin?: string | Buffer;
}

/** How a call ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<ChildProcess>();

/** Kills what still runs; call it after each test. */
export async function killClis(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    }),
  );
}

/** Runs the built program to its end. */
export async function cli(args: readonly string[], settings: CliSettings = {}): Promise<CliResult> {
  return startCli(args, settings).ended;
}

/** The values that a script reads from a call with `--json`. */
export function documents(stdout: string): unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

/** Starts the built program. */
export function startCli(args: readonly string[], { env = {}, cwd = ROOT, stdin = '' }: CliSettings = {}): CliProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    // The AWS SDK warns of the end of Node 20, and looks for the role of a virtual machine.
    env: {
      PATH: process.env['PATH'],
      NODE_NO_WARNINGS: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: '/nonexistent',
      ...env,
    },
  });
  child.stdin.on('error', () => undefined).end(stdin);
  return new CliProcess(child);
}

export class CliProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<CliResult>;

  constructor(readonly child: ReturnType<typeof spawn>) {
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(child, 'close').then(([code]) => {
      running.delete(child);
      return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Resolves with what matches first on stdout. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      if (this.child.exitCode !== null) throw new Error(`It ended.\n${this.stdout}\n${this.stderr}`);
      await Promise.race([once(this.child.stdout!, 'data'), this.ended]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
