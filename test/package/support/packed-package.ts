import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const ROOT = join(import.meta.dirname, '../../..');
export const TYPESCRIPT = join(ROOT, 'node_modules/typescript/bin/tsc');
const CONSUMERS = join(ROOT, 'test/package/consumers');

/** What a program wrote before it ended well. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** The package as the registry would get it. */
export interface PackedPackage {
  readonly tarball: string;
  /** Paths in the tarball, e.g. `dist/index.js`. */
  readonly files: readonly string[];
}

const directories: string[] = [];

/** A directory outside the repository; {@link removeDirectories} removes it. */
export async function createDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'packed-package-'));
  directories.push(directory);
  return directory;
}

export async function removeDirectories(): Promise<void> {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
}

/** Runs a program to its end; what it wrote is in the error when it fails. */
export async function run(directory: string, program: string, ...args: string[]): Promise<Output> {
  // Jest's own flags are not the application's.
  const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' };
  try {
    return await execute(program, args, { cwd: directory, env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Partial<Output>;
    throw new Error(`${[program, ...args].join(' ')}\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** Packs what `npm run build` left in dist. */
export async function packPackage(): Promise<PackedPackage> {
  const destination = await createDirectory();
  const { stdout } = await run(ROOT, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', destination);
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(destination, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Copies an application out of `consumers` and installs what its lockfile names, then the packed package. */
export async function installConsumer(name: string, { tarball }: PackedPackage): Promise<string> {
  const directory = await copyConsumer(name);
  await run(directory, 'npm', 'ci', '--no-audit', '--no-fund', '--prefer-offline');
  await unpack(tarball, directory);
  return directory;
}

/** Copies an application out of `consumers` and lends it this repository's dependencies, then installs the packed package. */
export async function linkConsumer(name: string, packed: PackedPackage): Promise<string> {
  const directory = await copyConsumer(name);
  await linkDependencies(directory, packed);
  return directory;
}

/** Lends a directory this repository's dependencies, then installs the packed package into it. */
export async function linkDependencies(directory: string, { tarball }: PackedPackage): Promise<void> {
  const modules = join(ROOT, 'node_modules');
  await mkdir(join(directory, 'node_modules'));
  for (const entry of await readdir(modules)) {
    if (!entry.startsWith('.')) await symlink(join(modules, entry), join(directory, 'node_modules', entry));
  }
  await unpack(tarball, directory);
}

/** The names of the packages whose files a Node program loaded, by `import` or by `require`. */
export async function packagesLoadedBy(
  directory: string,
  program: string,
  ...args: readonly string[]
): Promise<ReadonlySet<string>> {
  const log = join(await createDirectory(), 'loads.log');
  const recorder = join(import.meta.dirname, 'load-recorder.mjs');
  await run(directory, process.execPath, '--import', recorder, program, ...args, log);
  const urls = (await readFile(log, 'utf8')).split('\n');
  const names = urls.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]);
  return new Set(names.filter((name) => name !== undefined));
}

async function copyConsumer(name: string): Promise<string> {
  const directory = await createDirectory();
  await cp(join(CONSUMERS, name), directory, {
    recursive: true,
    filter: (path) => !/(?:node_modules|dist)$/.test(path),
  });
  return directory;
}

async function unpack(tarball: string, directory: string): Promise<void> {
  const { name } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { name: string };
  const target = join(directory, 'node_modules', name);
  await mkdir(target, { recursive: true });
  await run(dirname(tarball), 'tar', '-xzf', tarball, '-C', target, '--strip-components=1');
}
