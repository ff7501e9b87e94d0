import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const RECIPE = join(ROOT, 'sample-app/deploy/bundle.recipe.js');
const require = createRequire(import.meta.url);

/** What both kinds of Node have, and a runtime of Lambda may be asked for. */
const MODULES = [...builtinModules, 'node:test'].filter((name) => !/^_|^(?:sys|wasi|trace_events|test)$/.test(name));

/** What a function can make of a module of Node, in TypeScript. */
const ENTRY = `
import fs from 'fs';
import * as paths from 'node:path';
import EventEmitter, { once, type EventEmitterOptions } from 'events';
import { Agent, RequestListener } from 'node:http';
import { createRequire } from 'node:module';
export * from 'node:path';
export { randomUUID as uuid } from 'crypto';
export * as os from 'os';

const require = createRequire(import.meta.url);
class Emitter extends EventEmitter {}

export const used = () => [
  [fs.readFileSync, paths.join, once, new Emitter().on, Agent, require('node:os').cpus].map((found) => typeof found),
  paths === undefined ? [] : Object.keys(paths),
];

/** What each module has for somebody who imports it when it is needed. */
export const imported = async () => ({
${MODULES.map((name) => `  '${name}': Object.keys(await import('${name}')),`).join('\n')}
});

export const late = async () => {
  const { promises } = await import('node:fs');
  const { stdout, default: whole } = await import('process');
  return [promises.readFile, stdout.write, whole.cwd].map((found) => typeof found);
};

/** Whether undici is loaded, which reading WebSocket of node:http does. */
export const hasUndici = async () => {
  const { Server } = await import('http');
  return [typeof Server, Agent.name, process.moduleLoadList.some((name) => name.includes('undici/undici'))];
};
`;

interface Bundled {
  readonly exports: readonly string[];
  readonly used: readonly [string[], string[]];
  readonly late: readonly string[];
  /** What Node has, and the bundle has not, as `module name`. */
  readonly missing: readonly string[];
  readonly hasUndici: readonly [string, string, boolean];
}

describe("a bundle of a function that uses Node's modules", () => {
  let folder: string;
  let bundled: Bundled;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundle-of-node-'));
    await writeFile(join(folder, 'entry.ts'), ENTRY);
    await writeFile(
      join(folder, 'build.mjs'),
      `import { bundle } from ${JSON.stringify(RECIPE)};
await bundle({ entry: ${JSON.stringify(join(folder, 'entry.ts'))}, outfile: ${JSON.stringify(join(folder, 'out.mjs'))} });
`,
    );
    await writeFile(
      join(folder, 'run.mjs'),
      `import * as out from './out.mjs';
const { used, late, imported, hasUndici } = out;
const undici = await hasUndici();
const missing = [];
for (const [name, found] of Object.entries(await imported()))
  for (const expected of Object.keys(await import(name)))
    if (expected !== 'module.exports' && !found.includes(expected)) missing.push(name + ' ' + expected);
console.log(JSON.stringify({ exports: Object.keys(out), used: used(), late: await late(), hasUndici: undici, missing }));
`,
    );
    const run = promisify(execFile);
    await run(process.execPath, [join(folder, 'build.mjs')]);
    bundled = JSON.parse((await run(process.execPath, [join(folder, 'run.mjs')])).stdout) as Bundled;
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has them in each form of a static import', () => {
    const [types, ofPath] = bundled.used;
    expect(types).toEqual(Array(6).fill('function'));
    expect(ofPath).toEqual(expect.arrayContaining(Object.keys(require('node:path') as object)));
  });

  it('passes them on where they are exported again', () => {
    const ofPath = Object.keys(require('node:path') as object);
    expect(bundled.exports).toEqual(expect.arrayContaining([...ofPath, 'os', 'uuid']));
  });

  it('has of a dynamic import all that Node has, what is made when it is read included', () => {
    expect(bundled.late).toEqual(Array(3).fill('function'));
    expect(bundled.missing).toEqual([]);
  });

  it('loads nothing by importing a module that it does not load by using it', () => {
    expect(bundled.hasUndici).toEqual(['function', 'Agent', false]);
  });
});

describe('a bundle of a function that uses the AWS SDK itself', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundle-of-sdk-'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has commands that this package does not send, in a file that is called like one of its own, too', async () => {
    const [entry, outfile] = [join(folder, 'sqs.client.js'), join(folder, 'out.mjs')];
    await writeFile(
      entry,
      "export const load = async () => (await import('@aws-sdk/client-sqs')).ReceiveMessageCommand;",
    );
    const { bundle } = (await import(RECIPE)) as { bundle(options: object): Promise<unknown> };
    await bundle({ entry, outfile });
    const { load } = (await import(outfile)) as { load(): Promise<unknown> };
    expect(await load()).toBeInstanceOf(Function);
  }, 60_000);
});
