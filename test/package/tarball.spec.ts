import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packPackage, removeDirectories, ROOT, type PackedPackage } from './support/packed-package.js';

interface Manifest {
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

describe('the packed package', () => {
  let packed: PackedPackage;

  beforeAll(async () => {
    packed = await packPackage();
  }, 60_000);
  afterAll(removeDirectories);

  it('holds the build and the documents that go with it', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining(['package.json', 'LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'dist/index.js']),
    );
  });

  it('holds nothing else', () => {
    const expected = /^(?:package\.json|LICENSE|README\.md|CHANGELOG\.md|SECURITY\.md|dist\/.+\.(?:js|d\.ts|js\.map))$/;
    expect(packed.files.filter((file) => !expected.test(file) || /\.spec\./.test(file))).toEqual([]);
  });

  it('has declarations that a compiler understands without the optional packages', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const optional = Object.keys(manifest.peerDependenciesMeta);
    expect(optional).toContain('@redis/client');
    const reached = new Set<string>();
    const pending = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : [entry.types],
    );
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      if (reached.has(path)) continue;
      reached.add(path);
      const text = await readFile(join(ROOT, path), 'utf8');
      const names = [...text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)].map(([, name]) => name ?? '');
      expect(names.filter((name) => optional.includes(name))).toEqual([]);
      const own = names.filter((name) => name.startsWith('.'));
      pending.push(...own.map((name) => join(dirname(path), name).replace(/\.js$/, '.d.ts')));
    }
    expect(reached.size).toBeGreaterThan(10);
  });

  it('has a file for every entry of its exports', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const targets = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    expect(targets.length).toBeGreaterThan(4);
    expect(targets.filter((target) => !packed.files.includes(target.replace('./', '')))).toEqual([]);
  });

  it('gives publint nothing to report', async () => {
    const { messages, pkg } = await publint({ pkgDir: ROOT, pack: 'npm', strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  }, 60_000);
});
