import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A fenced block of a document. */
export interface CodeBlock {
  /** The document's path in the repository. */
  readonly document: string;
  /** The line that the block's text starts on. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The path that the block names in its first line, `null` when it names none. */
  readonly fileName: string | null;
}

/** The documents for users: those at the root and those in docs, without what the site is built of. */
export function documentPaths(): string[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.vitepress'))
    .map((path) => join('docs', path));
  return [...readdirSync(ROOT), ...inDocs].filter((path) => path.endsWith('.md')).sort();
}

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function blocksOf(document: string, text = readDocument(document)): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = text.split('\n');
  for (let start = 0; start < lines.length; start++) {
    const language = /^```(\w*)$/.exec(lines[start] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', start + 1);
    if (end < 0) throw new Error(`${document}:${start + 1}: this block does not end.`);
    const inside = lines.slice(start + 1, end);
    const fileName = /^\/\/ (\S+\.ts)$/.exec(inside[0] ?? '')?.[1] ?? null;
    blocks.push({ document, line: start + 2, language, text: inside.join('\n'), fileName });
    start = end;
  }
  return blocks;
}

/** The anchors that GitHub gives to a document's headings. */
export function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Where the links of a document lead, those to other sites left out. */
export function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}
