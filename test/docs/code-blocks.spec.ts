import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { typeCheck } from './block-checker.js';
import { anchorsOf, blocksOf, documentPaths, linksOf, readDocument, ROOT, type CodeBlock } from './documents.js';

const documents = documentPaths();
const blocks = documents.flatMap((path) => blocksOf(path));
const inLanguage = (language: string): CodeBlock[] => blocks.filter((block) => block.language === language);

describe('the documents', () => {
  it('show TypeScript that compiles against the package', () => {
    expect(inLanguage('ts').length).toBeGreaterThan(10);
    expect(typeCheck(inLanguage('ts'))).toEqual([]);
  }, 120_000);

  it('show JSON that parses', () => {
    const problems = inLanguage('json').filter(({ text }) => !isJson(text));
    expect(inLanguage('json').length).toBeGreaterThan(1);
    expect(problems).toEqual([]);
  });

  it('show JavaScript that parses', () => {
    const problems = inLanguage('js').flatMap(({ document, line, text }) => {
      const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true, fileName: 'block.js' });
      return diagnostics.map(
        ({ messageText }) => `${document}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      );
    });
    expect(inLanguage('js').length).toBeGreaterThan(0);
    expect(problems).toEqual([]);
  });

  it('say what language each block is in, but for drawings and logs', () => {
    const known = new Set(['', 'ts', 'js', 'json', 'jsonl', 'sh', 'yaml', 'nginx', 'haproxy']);
    expect(blocks.filter(({ language }) => !known.has(language))).toEqual([]);
  });

  it('link to files and headings that exist', () => {
    const broken = documents.flatMap((path) =>
      linksOf(readDocument(path))
        .filter((link) => !leadsSomewhere(path, link))
        .map((link) => `${path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});

describe('the README', () => {
  it('gives the commands that start and test the repository, in that order', () => {
    const commands = blocksOf('README.md').filter(({ language }) => language === 'sh');
    expect(commands.slice(0, 2).map(({ text }) => text)).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  });

  it('gives the versions that package.json supports', () => {
    const { engines, peerDependencies } = JSON.parse(readDocument('package.json')) as {
      engines: { node: string };
      peerDependencies: Record<string, string>;
    };
    const documented = [...readDocument('README.md').matchAll(/^\| (Node|`[@a-z/-]+`) +\| `([^`]+)` +\|$/gm)].map(
      ([, name = '', range = '']) => [name.replaceAll('`', ''), range.replaceAll('\\|', '|')],
    );
    expect(Object.fromEntries(documented)).toEqual({ Node: engines.node, ...peerDependencies });
  });
});

describe('the changelog', () => {
  it('starts with the version of package.json', () => {
    const { version } = JSON.parse(readDocument('package.json')) as { version: string };
    expect(/^## \[([^\]]+)\]/m.exec(readDocument('CHANGELOG.md'))?.[1]).toBe(version);
  });
});

describe('the check of blocks', () => {
  const block = (text: string, line = 1): CodeBlock =>
    blocksOf('made-up.md', `${'\n'.repeat(line)}\`\`\`ts\n${text}\n\`\`\``)[0]!;

  it('names the line of a document in which a block is wrong', () => {
    const wrong = block(
      'const sent: boolean = await manager.sendToConnection(connectionId, {});\nconst n: number = sent;',
      7,
    );
    expect(typeCheck([wrong])).toEqual(["made-up.md:10: Type 'boolean' is not assignable to type 'number'."]);
  }, 60_000);

  it('lets a block import another by the name that it gives itself', () => {
    const exporting = block('// src/answer.ts\nexport const answer = 42;');
    const importing = block(`import { answer } from './src/answer.js';\nconst text: string = answer;`, 10);
    expect(typeCheck([exporting, importing])).toEqual([
      "made-up.md:13: Type 'number' is not assignable to type 'string'.",
    ]);
    expect(typeCheck([exporting, block('// src/answer.ts\n', 20)])).toEqual([
      'made-up.md:22: another block is called src/answer.ts, too.',
    ]);
  }, 60_000);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(readDocument(target)).includes(anchor);
}
