import { spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';

/** A program that some tests need beside Node. */
export interface Program {
  readonly command: string;
  /** What is missing without it, where that is not its command. */
  readonly name?: string;
  /** Arguments with which it ends well where it is installed, e.g. to tell its version. */
  readonly probe: readonly string[];
  /** The Debian package that it is in. */
  readonly debianPackage: string;
}

export const openssl: Program = { command: 'openssl', probe: ['version'], debianPackage: 'openssl' };
export const nginx: Program = { command: 'nginx', probe: ['-v'], debianPackage: 'nginx' };
export const redisServer: Program = {
  command: 'redis-server',
  probe: ['--version'],
  debianPackage: 'redis-server',
};
export const awsCli: Program = { command: 'aws', probe: ['--version'], debianPackage: 'awscli' };
export const haproxy: Program = { command: 'haproxy', probe: ['-v'], debianPackage: 'haproxy' };
/** What `localedef`, which every system has, makes a language from. */
export const englishLocale: Program = {
  command: 'test',
  name: 'source of the locale en_US',
  probe: ['-e', '/usr/share/i18n/locales/en_US'],
  debianPackage: 'locales',
};

/** `describe` for tests that need programs. Without one they are reported as skipped, with the remedy; on CI they fail. */
export function describeWith(programs: readonly Program[], title: string, tests: () => void): void {
  const missing = programs.find((program) => !isInstalled(program));
  if (missing === undefined || process.env['CI'] !== undefined) {
    describe(title, tests);
    return;
  }
  process.stderr.write(`${title}: skipped, ${remedyFor(missing)}\n`);
  describe.skip(`${title} (${remedyFor(missing)})`, tests);
}

/** @throws Error with the remedy where a program is missing, as on CI */
export function requireProgram(program: Program): void {
  if (!isInstalled(program)) throw new Error(remedyFor(program));
}

const installed = new Map<Program, boolean>();

function isInstalled(program: Program): boolean {
  const isKnown = installed.get(program);
  if (isKnown !== undefined) return isKnown;
  const { command, probe } = program;
  const isThere = spawnSync(command, probe, { env: withSbin() }).status === 0;
  installed.set(program, isThere);
  return isThere;
}

function remedyFor({ command, name = command, debianPackage }: Program): string {
  return `no ${name} found: install it (Debian: apt-get install ${debianPackage})`;
}

/** An environment whose path has the folders that servers are installed to. */
export function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}
