import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

const LOADER = new URL('../support/typescript.loader.js', import.meta.url).href;
// Its hooks come first, and see what the loader takes.
const RECORDER = new URL('../package/support/load-recorder.mjs', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('../support/lambda.program.ts', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loads-'));
});

afterEach(() => rm(folder, { recursive: true }));

it('a function without an SDK of OpenTelemetry loads neither its API nor what traces', async () => {
  const log = join(folder, 'loaded.txt');
  const argv = ['--import', LOADER, '--import', RECORDER, PROGRAM, log];
  await promisify(execFile)(process.execPath, argv, { env: { PATH: process.env['PATH'] } });
  const loaded = (await readFile(log, 'utf8')).split('\n');
  expect(loaded.filter((url) => /\/src\/lambda\/lambda\.invoker\.ts$/.test(url))).not.toEqual([]);
  expect(loaded.filter((url) => /\/invocation\.tracer\.|\/@opentelemetry\//.test(url))).toEqual([]);
});
