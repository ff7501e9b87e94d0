import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithNodes, findNodes, installOnce, RUNNING_NODE, type NodeBinary } from './support/node-binaries.js';
import {
  createDirectory,
  installConsumer,
  linkConsumer,
  packPackage,
  removeDirectories,
  ROOT,
  run,
  TYPESCRIPT,
  type PackedPackage,
} from './support/packed-package.js';

interface Runtime {
  readonly node: string;
  readonly nest: string;
}

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly engines: { readonly node: string };
};

/** The oldest Nodes of the `engines`, those that have others after them left out: `20.19.0`, `22.12.0`. */
const oldest = [...manifest.engines.node.matchAll(/\^(\d+\.\d+\.\d+)/g)].map(([, version = '']) => version);

/** Every application on every Nest: the two packages are compiled once, and lend each other their programs. */
const APPLICATIONS = [
  { nest: '11', kind: 'CommonJS', program: 'dist/main.js' },
  { nest: '12', kind: 'CommonJS', program: 'commonjs/dist/main.js' },
  { nest: '11', kind: 'ES module', program: 'esm/dist/main.js' },
  { nest: '12', kind: 'ES module', program: 'dist/main.js' },
] as const;

let packed: PackedPackage;
/** Directories with Nest 11 and with Nest 12, each with the programs of both. */
let directories: Readonly<Record<'11' | '12', string>>;

beforeAll(async () => {
  packed = await packPackage();
  const [commonJs, esm] = await Promise.all([
    // Compiled by its own compiler, without skipLibCheck: the package's declarations are checked against Nest 11's.
    installConsumer('nest-11-commonjs', packed).then((directory) => build(directory, 'npm', 'run', 'build')),
    linkConsumer('nest-12-esm', packed).then((directory) =>
      build(directory, process.execPath, TYPESCRIPT, '-p', 'tsconfig.json'),
    ),
  ]);
  await lend(commonJs, join(esm, 'commonjs'));
  await lend(esm, join(commonJs, 'esm'));
  directories = { '11': commonJs, '12': esm };
}, 300_000);
afterAll(removeDirectories);

const newer = await findNodes(['22', '24']);
const oldestNodes = await findNodes(oldest);

it('loads the packed package with require in a CommonJS application', async () => {
  expect(await readFile(join(directories['11'], 'dist/main.js'), 'utf8')).toContain(
    'require("nestjs-apigateway-websocket")',
  );
});

describe(`on Node ${RUNNING_NODE.range}, the packed package`, () => worksOn(RUNNING_NODE));

describeWithNodes('on newer Nodes, the packed package', newer, (nodes) => {
  for (const node of nodes) describe(`on Node ${node.range}`, () => worksOn(node));
});

describeWithNodes('on the oldest Nodes of its engines, the packed package', oldestNodes, (nodes) => {
  it.each(nodes)(
    'loads from require and from import: Node $range',
    async (node) => {
      for (const { nest, program } of APPLICATIONS) {
        expect((await tell(node, nest, program)).runtime).toEqual(runtimeOf(node, nest));
      }
    },
    120_000,
  );

  it.each(nodes)('imports every one of its files: Node $range', importsEveryFile, 60_000);
});

describeWithNodes('the source', newer, () => {
  it('uses nothing that the types of Node 20 do not have', async () => {
    const types = join(await installOnce('@types/node@20.19'), 'node_modules/@types');
    const check = (...flags: string[]): Promise<unknown> =>
      run(ROOT, process.execPath, TYPESCRIPT, '--noEmit', '--typeRoots', types, ...flags);
    await check('-p', 'tsconfig.build.json');
    const newerStill = join(await createDirectory(), 'newer.ts');
    await writeFile(
      newerStill,
      "export { readFile } from 'node:fs/promises';\nexport { DatabaseSync } from 'node:sqlite';",
    );
    const flags = ['--ignoreConfig', '--types', 'node', '--module', 'nodenext', '--skipLibCheck'];
    const { message } = (await check(...flags, newerStill).catch((error: unknown) => error)) as Error;
    expect([...message.matchAll(/newer\.ts\((\d+),/g)].map(([, line]) => line)).toEqual(['2']);
  }, 120_000);
});

function worksOn(node: NodeBinary): void {
  it.each(APPLICATIONS.filter(({ kind }) => kind === 'CommonJS'))(
    'handles events and serves channels in a $kind application on Nest $nest',
    async ({ nest, program }) => {
      expect(await tell(node, nest, program)).toEqual({
        runtime: runtimeOf(node, nest),
        handled: {
          connect: { statusCode: 200, body: '{"message":"Connected"}' },
          connections: ['BFHPhfCWIAMCKlQ='],
          message: { statusCode: 200, body: '{"message":"Message received"}' },
          heard: ['connected BFHPhfCWIAMCKlQ=', 'message "hello"'],
        },
        served: {
          answer: '{"echo":{"text":"hello"}}',
          subscribed: '{"type":"subscribed","id":"1","channel":"private-lobby"}',
          heard: 'lobby hello',
          closeCode: 1012,
        },
      });
    },
    60_000,
  );

  it.each(APPLICATIONS.filter(({ kind }) => kind === 'ES module'))(
    'answers a client in an $kind application on Nest $nest',
    async ({ nest, program }) => {
      const answer = '{"echo":"hello","delivered":0}';
      expect(await tell(node, nest, program)).toEqual({ runtime: runtimeOf(node, nest), answer });
    },
    60_000,
  );

  it.each([
    { nest: '11', program: 'esm/dist/chat.js' },
    { nest: '12', program: 'dist/chat.js' },
  ] as const)(
    'lets its clients chat over channels, and handles events of Lambda, on Nest $nest',
    async ({ nest, program }) => {
      expect(await tell(node, nest, program)).toEqual({
        runtime: runtimeOf(node, nest),
        socket: majorOf(node) < 22 ? 'ws' : 'its own',
        received: [
          { event: 'said', data: { text: 'Hello' }, offset: 1 },
          { data: { text: 'Welcome' }, offset: 2 },
        ],
        heard: ['1: Hello'],
        answer: ['room.1'],
        connected: { statusCode: 200, body: '{"message":"Connected"}' },
      });
    },
    60_000,
  );

  it('imports every one of its files', () => importsEveryFile(node), 60_000);

  it('runs the command line', async () => {
    const program = 'node_modules/nestjs-apigateway-websocket/dist/cli/main.js';
    const { stdout } = await run(directories['12'], node.path, program, '--version');
    expect(stdout.trim()).toBe(manifest.version);
  }, 60_000);
}

async function importsEveryFile(node: NodeBinary): Promise<void> {
  const scripts = packed.files.filter((file) => file.endsWith('.js') && file !== 'dist/cli/main.js');
  expect(await tell(node, '12', 'dist/every-file.js')).toEqual({
    runtime: runtimeOf(node, '12'),
    count: scripts.length,
    failures: [],
  });
}

/** What a program says in its last line. */
async function tell(node: NodeBinary, nest: '11' | '12', program: string): Promise<{ runtime: Runtime }> {
  const { stdout } = await run(directories[nest], node.path, program);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { runtime: Runtime };
}

function runtimeOf({ range }: NodeBinary, nest: '11' | '12'): Runtime {
  const startingWith = (version: string): string =>
    expect.stringMatching(new RegExp(`^${version.replaceAll('.', '\\.')}(?:\\.|$)`)) as unknown as string;
  return { node: startingWith(range), nest: startingWith(nest) };
}

function majorOf({ range }: NodeBinary): number {
  return Number.parseInt(range, 10);
}

async function build(directory: string, program: string, ...args: string[]): Promise<string> {
  await run(directory, program, ...args);
  return directory;
}

/** Copies a compiled application, with what says which kind of module it is, to below the dependencies of another. */
async function lend(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of ['dist', 'package.json']) await cp(join(from, entry), join(to, entry), { recursive: true });
}
