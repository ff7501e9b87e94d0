import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A page of the site, made of a document of the repository or of a section of one. */
export interface Page {
  /** Where it is on the site, without an ending: `guides/aws`. */
  readonly path: string;
  readonly title: string;
  /** The document that it comes from, which its links are relative to. */
  readonly document: string;
  readonly text: string;
}

/** Documents outside `docs` that are pages, too. */
const OTHER_DOCUMENTS: Readonly<Record<string, string>> = {
  'CHANGELOG.md': 'project/changelog',
  'CONTRIBUTING.md': 'project/contributing',
  'SECURITY.md': 'project/security',
  'bench/README.md': 'project/benchmarks',
  'sample-app/README.md': 'project/sample-app',
};

/** The section of the README that leads to the documents below it; the site has a sidebar for that. */
const LEADING_ON = 'More';

/** A fenced block; whatever is split at it has its blocks at odd places. */
const BLOCK = /^(```[\s\S]*?^```$)/m;

/** Every page: the README, a page for each of its sections, the files of `docs` where they are, and the others under `project`. */
export function readPages(read = (path: string) => readFileSync(join(ROOT, path), 'utf8')): readonly Page[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('.vitepress'))
    .sort();
  return [
    ...sectionsOf('README.md', read('README.md')),
    ...inDocs.map((path) => pageOf(`docs/${path}`, path.replace(/\.md$/, ''), read(`docs/${path}`))),
    ...Object.entries(OTHER_DOCUMENTS).map(([document, path]) => pageOf(document, path, read(document))),
  ];
}

function pageOf(document: string, path: string, text: string): Page {
  return { document, path, text, title: /^# (.+)$/m.exec(text)?.[1] ?? path };
}

/** The beginning of a document as `index`, and each of its sections as a page below `start`, with its headings one level up. */
export function sectionsOf(document: string, text: string): Page[] {
  const [beginning = '', ...sections] = outsideOfBlocks(text, /^(?=## )/m);
  const pages = sections.map((section) => {
    const raised = outsideOfBlocks(section, /^(?=#)/m)
      .map((part) => part.replace(/^#(?=#)/, ''))
      .join('');
    const page = pageOf(document, '', raised);
    return { ...page, path: `start/${slugOf(page.title)}` };
  });
  return [pageOf(document, 'index', beginning), ...pages.filter(({ title }) => title !== LEADING_ON)];
}

/** Splits a text where a pattern matches outside its fenced blocks. */
function outsideOfBlocks(text: string, pattern: RegExp): string[] {
  const parts: string[] = [];
  for (const [index, piece] of text.split(BLOCK).entries()) {
    const [first = '', ...others] = index % 2 === 0 ? piece.split(pattern) : [piece];
    parts.push((parts.pop() ?? '') + first, ...others);
  }
  return parts;
}

/** The anchor of a heading, as GitHub makes it. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** A page with its links leading to other pages; what leads to other files of the repository is text only. @throws Error for links to nowhere */
export function withSiteLinks(page: Page, pages: readonly Page[]): string {
  return page.text
    .split(BLOCK)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part.replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, (_, text: string, link: string) => {
            const target = siteLink(link, page, pages);
            return target === null ? text : `[${text}](${target})`;
          }),
    )
    .join('');
}

/** Where a link leads on the site; `null` for a file that is no page. */
function siteLink(link: string, page: Page, pages: readonly Page[]): string | null {
  if (/^[a-z]+:/.test(link)) return link;
  const [path = '', anchor] = link.split('#');
  const document = path === '' ? page.document : posix.join(dirname(page.document), path);
  const candidates = pages.filter((candidate) => candidate.document === document);
  if (candidates.length === 0 && existsSync(join(ROOT, document))) return null;
  const target = candidates.find(({ text }) => anchor === undefined || anchorsOf(text).includes(anchor));
  if (target === undefined) throw new Error(`${page.document} links to ${link}, and there is no such file or heading.`);
  const isTop = anchor === undefined || anchor === slugOf(target.title);
  return `/${target.path}${isTop ? '' : `#${anchor}`}`;
}

function anchorsOf(text: string): string[] {
  const prose = text
    .split(BLOCK)
    .filter((_, index) => index % 2 === 0)
    .join('');
  return [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => slugOf(title));
}
