import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packPackage, removeDirectories, ROOT, type PackedPackage } from './support/packed-package.js';

interface Manifest {
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
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
    const { peerDependenciesMeta } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const optional = Object.keys(peerDependenciesMeta);
    expect(optional).toContain('@redis/client');
    const declarations = packed.files.filter((file) => file.endsWith('.d.ts'));
    for (const file of declarations) {
      const text = await readFile(join(ROOT, file), 'utf8');
      const imported = [...text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)].map(([, name]) => name);
      expect(imported.filter((name) => optional.includes(name ?? ''))).toEqual([]);
    }
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
