import { describe, expect, it } from '@jest/globals';
import { emptyPromises, roomsOf, violations } from './rooms.js';
import { findCycle, importGraph, importsOf, readText, sourceFiles } from './source.js';

const rooms = roomsOf(readText('docs/architecture.md'));
const graph = importGraph(sourceFiles());

describe('the imports of src', () => {
  it('run the way that docs/architecture.md shows', () => {
    expect(violations(graph, rooms)).toEqual([]);
  });

  it('never lead back to where they started', () => {
    expect(findCycle(graph)).toBeNull();
  });

  it('bear out every file and package that docs/architecture.md names', () => {
    expect(emptyPromises(graph, rooms)).toEqual([]);
  });

  it('are those of files that exist', () => {
    const imported = [...graph.values()].flatMap(({ files }) => files);
    expect(imported.length).toBeGreaterThan(graph.size);
    expect(imported.filter((file) => !graph.has(file))).toEqual([]);
  });
});

describe('the table of rooms', () => {
  it('lets nothing into the protocol from outside, for it runs in a browser', () => {
    expect(rooms.find(({ name }) => name === 'protocol')?.packages).toEqual([]);
  });

  it('keeps stores and transports from knowing each other', () => {
    const level = (room: string) => rooms.find(({ name }) => name === room)?.level;
    expect(level('stores')).toBe(level('transports'));
  });

  it('lets only one room load ws, and only one the AWS SDK', () => {
    const loading = (name: string) => rooms.filter(({ packages }) => packages.includes(name)).map((room) => room.name);
    expect(loading('ws')).toEqual(['gateway']);
    expect(loading('@aws-sdk/client-apigatewaymanagementapi')).toEqual(['transports']);
  });
});

describe('the reader of imports', () => {
  it('sees static, type-only, re-exporting and dynamic imports', () => {
    const text = `
      import { a } from './a.js';
      import type { B } from './b.js';
      import { type C } from './c.js';
      export { d } from './d.js';
      export type { E } from './e.js';
      const f = await import('./f.js');
      import './g.js';
      // import './comment.js';
    `;
    expect(importsOf(text).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `./${name}.js`));
  });

  it('finds a cycle around two corners', () => {
    const files: Record<string, string> = {
      'src/a.ts': `import './b.js';`,
      'src/b.ts': `import type { C } from './c/c.js';`,
      'src/c/c.ts': `const a = await import('../a.js');`,
      'src/d.ts': `import './a.js';`,
    };
    expect(findCycle(importGraph(Object.keys(files), (path) => files[path] ?? ''))).toEqual([
      'src/a.ts',
      'src/b.ts',
      'src/c/c.ts',
      'src/a.ts',
    ]);
  });

  it('names imports upwards, sideways and of packages that the room may not load', () => {
    const files: Record<string, string> = {
      'src/low/low.ts': `import '../high/high.js'; import 'node:fs';`,
      'src/side/side.ts': `import '../low/low.js';`,
      'src/high/high.ts': `import '../low/low.js'; import '@scope/name/deep';`,
      'src/homeless.ts': '',
    };
    const table = roomsOf(
      [
        '| 0 | low | `src/low/` | none |',
        '| 0 | side | `src/side/` | |',
        '| 1 | high | `src/high/` | `@scope/name` |',
      ].join('\n'),
    );
    expect(
      violations(
        importGraph(Object.keys(files), (path) => files[path] ?? ''),
        table,
      ),
    ).toEqual([
      'src/low/low.ts (low) must not import src/high/high.ts (high).',
      'src/low/low.ts (low) must not load node:.',
      'src/side/side.ts (side) must not import src/low/low.ts (low).',
      'src/homeless.ts is in no room.',
    ]);
  });
});
