import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { readText } from '../architecture/source.js';

const document = readText('docs/reference/parity.md');

interface Row {
  readonly behaviour: string;
  readonly source: string;
  readonly file: string;
  readonly test: string;
}

const rows: readonly Row[] = [
  ...document.matchAll(/^\| (.+?) +\| (.+?) +\| .+? +\| `([\w-]+\.spec\.ts)` +\| `(.+)` +\|$/gm),
].map(([, behaviour = '', source = '', file = '', test = '']) => ({ behaviour, source, file, test }));

/** The titles of a spec file's tests, as they are written: `it('…')`, `it.each(…)('…')`. */
function titlesOf(path: string): ReadonlySet<string> {
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readText(path), ts.ScriptTarget.Latest));
  return titles;
}

function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it';
  return ts.isCallExpression(callee) && /^it\.each$/.test(dotted(callee.expression));
}

function dotted(expression: ts.Expression): string {
  return ts.isPropertyAccessExpression(expression) && ts.isIdentifier(expression.expression)
    ? `${expression.expression.text}.${expression.name.text}`
    : '';
}

describe('docs/reference/parity.md', () => {
  it('has a test for every row of its tables', () => {
    const tableLines = document.split('\n').filter((line) => line.startsWith('| '));
    const headings = tableLines.filter((line) => line.startsWith('| API Gateway ') || /^\| -+ /.test(line));
    expect(rows.length).toBeGreaterThan(40);
    expect(rows).toHaveLength(tableLines.length - headings.length);
  });

  it('names tests that exist', () => {
    const titles = new Map(
      [...new Set(rows.map(({ file }) => file))].map((file) => [file, titlesOf(`test/gateway/${file}`)]),
    );
    expect(rows.filter(({ file, test }) => titles.get(file)?.has(test) !== true)).toEqual([]);
  });

  it('gives a source for everything, and an address for every page', () => {
    expect(rows.filter(({ source }) => source.trim() === '')).toEqual([]);
    const used = new Set(rows.flatMap(({ source }) => [...source.matchAll(/\[([\w-]+)\]/g)].map(([, name]) => name)));
    const defined = [...document.matchAll(/^\[([\w-]+)\]: https:\/\/\S+ '.+'$/gm)].map(([, name]) => name);
    expect([...used].sort()).toEqual(defined.sort());
  });
});
