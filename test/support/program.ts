import { spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';

/** A program that some tests need beside Node. */
export interface Program {
  readonly command: string;
  /** Arguments with which it tells its version and ends well. */
  readonly probe: readonly string[];
  /** The Debian package that it is in. */
  readonly debianPackage: string;
}

export const openssl: Program = { command: 'openssl', probe: ['version'], debianPackage: 'openssl' };
export const nginx: Program = { command: 'nginx', probe: ['-v'], debianPackage: 'nginx' };
export const haproxy: Program = { command: 'haproxy', probe: ['-v'], debianPackage: 'haproxy' };

/** `describe` for tests that need programs. Without one they are reported as skipped, with the remedy; on CI they fail. */
export function describeWith(programs: readonly Program[], title: string, tests: () => void): void {
  const missing = programs.find(({ command, probe }) => spawnSync(command, probe, { env: withSbin() }).status !== 0);
  if (missing === undefined || process.env['CI'] !== undefined) {
    describe(title, tests);
    return;
  }
  const remedy = `no ${missing.command} found: install it (Debian: apt-get install ${missing.debianPackage})`;
  process.stderr.write(`${title}: skipped, ${remedy}\n`);
  describe.skip(`${title} (${remedy})`, tests);
}

/** An environment whose path has the folders that servers are installed to. */
export function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}
