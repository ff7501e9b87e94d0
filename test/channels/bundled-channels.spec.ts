import { afterEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

let folder: string | undefined;
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
  folder = undefined;
});

describe('an application that esbuild has bundled, without metadata of its classes and with other names', () => {
  it('has its decorated providers, and all that is injected into them', async () => {
    folder = await mkdtemp(join(tmpdir(), 'bundled-channels-'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const outfile = join(folder, 'app.mjs');
    await build({
      ...{
        outfile,
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'esm',
        target: 'node20',
        packages: 'external',
      },
      entryPoints: [join(ROOT, 'test/fixtures/channels/bundled.app.ts')],
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      logLevel: 'silent',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile], { timeout: 30_000 });
    expect(JSON.parse(stdout)).toEqual([
      { type: 'error', channel: 'private-orders.8', code: 'forbidden' },
      { type: 'subscribed', channel: 'private-orders.7' },
      { type: 'message', channel: 'private-orders.7' },
      { heard: { total: 12 }, params: { orderId: '7' } },
    ]);
  }, 60_000);
});
