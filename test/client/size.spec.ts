import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '../..');

describe('the client', () => {
  it('has at most 6,000 bytes, minified and compressed, and loads nothing', async () => {
    const { outputFiles, metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['src/client/index.ts'],
      bundle: true,
      minify: true,
      format: 'esm',
      metafile: true,
      write: false,
    });
    const [{ text }] = outputFiles as [(typeof outputFiles)[0]];
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(6_000);
    expect(Object.keys(metafile.inputs).filter((path) => !/^src\/(?:client|protocol)\//.test(path))).toEqual([]);
    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  });
});
