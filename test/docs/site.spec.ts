import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { readEntries } from '../../docs/.vitepress/api.js';
import { readPages, sectionsOf, withSiteLinks, type Page } from '../../docs/.vitepress/documents.js';
import { createDirectory, removeDirectories, ROOT, run } from '../package/support/packed-package.js';
import { anchorsOf, documentPaths, readDocument } from './documents.js';

describe('the documentation site', () => {
  let site: string;
  const html = new Map<string, string>();

  beforeAll(async () => {
    site = await createDirectory();
    const vitepress = join(ROOT, 'node_modules/vitepress/bin/vitepress.js');
    await run(ROOT, process.execPath, vitepress, 'build', 'docs', '--outDir', site);
    for (const path of readdirSync(site, { recursive: true, encoding: 'utf8' })) {
      if (path.endsWith('.html')) html.set(`/${path}`, readFileSync(join(site, path), 'utf8'));
    }
  }, 300_000);
  afterAll(removeDirectories);

  it('has a page for every document below docs', () => {
    const documents = documentPaths().filter((path) => path.startsWith('docs/'));
    expect(documents.length).toBeGreaterThan(25);
    expect(documents.filter((path) => !html.has(path.replace(/^docs(.+)\.md$/, '$1.html')))).toEqual([]);
  });

  it('has a page for every section of the README, with what it says', () => {
    const sections = [...readDocument('README.md').matchAll(/^## (.+)$/gm)].map(([, title = '']) => title);
    const missing = sections.filter((title) => !html.has(`/start/${anchorsOf(`# ${title}`)[0]}.html`));
    expect(missing).toEqual(['More']);
    expect(html.get('/start/quick-start.html')?.includes('enableShutdownHooks')).toBe(true);
    expect(html.get('/index.html')).toContain('href="/start/quick-start.html"');
  });

  it('lists every page in its sidebar, and each once', () => {
    const text = html.get('/guides/aws.html') ?? '';
    const [, sidebar = ''] = /<nav class="nav" id="VPSidebarNav"[\s\S]*?>([\s\S]*?)<\/nav>/.exec(text) ?? [];
    const links = [...sidebar.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href.replace(/\/$/, '/index.html'));
    // Those of the API are in the overviews of its entries.
    const isListed = (path: string): boolean => !path.startsWith('/api/') || path.endsWith('/index.html');
    const pages = [...html.keys()].filter((path) => isListed(path) && !['/404.html', '/api/index.html'].includes(path));
    expect(links.toSorted()).toEqual(pages.toSorted());
  });

  it.each(readEntries())('explains every name that an entry exports: $name', ({ name: entry, source }) => {
    const names = exportedNames(source);
    expect(names.length).toBeGreaterThan(0);
    const overview = html.get(`/api/${entry}/index.html`) ?? '';
    const ofEntry = [...html.keys()].filter((path) => path.startsWith(`/api/${entry}/`));
    const isExplained = (name: string): boolean =>
      ofEntry.some((path) => path.endsWith(`/${name}.html`)) || overview.includes(`id="${name.toLowerCase()}"`);
    expect(names.filter((name) => !isExplained(name))).toEqual([]);
  });

  it('shows signatures as code, and says in overviews what each name is for', () => {
    const manager = html.get('/api/application/classes/WebSocketManager.html') ?? '';
    const [, broadcast = ''] = /id="broadcast"[\s\S]*?<pre[^>]*><code>([\s\S]*?)<\/code>/.exec(manager) ?? [];
    expect(broadcast.replace(/<[^>]+>/g, '')).toBe(
      'broadcast(data: unknown): Promise&lt;Record&lt;string, boolean&gt;&gt;;',
    );
    const overview = html.get('/api/application/index.html') ?? '';
    expect(/<tr><td><a [^>]*>WebSocketManager<\/a><\/td><td>(.*?)<\/td>/.exec(overview)?.[1]).toContain(
      'What applications inject',
    );
  });

  it('leads to pages and headings that exist only', () => {
    const broken: string[] = [];
    let within = 0;
    for (const [path, text] of html) {
      if (path === '/404.html') continue;
      for (const [, href = ''] of text.matchAll(/<a\b[^>]*\bhref="([^"]+)"/g)) {
        const { origin, pathname, hash } = new URL(href, `http://site${path}`);
        if (origin !== 'http://site') continue;
        within++;
        const target = html.get(pathname.replace(/\/$/, '/index.html'));
        const id = decodeURIComponent(hash.slice(1));
        if (target === undefined || (id !== '' && !target.includes(` id="${id}"`))) broken.push(`${path}: ${href}`);
      }
    }
    expect(broken).toEqual([]);
    expect(within).toBeGreaterThan(1_000);
  });

  it('can be searched without a service', () => {
    const scripts = readdirSync(join(site, 'assets/chunks'));
    expect(scripts.filter((name) => name.startsWith('@localSearchIndex'))).toHaveLength(1);
  });
});

describe('the pages of the documentation site', () => {
  const pages = readPages();
  const page = (text: string): Page => ({
    path: 'guides/made-up',
    document: 'docs/guides/made-up.md',
    title: '',
    text,
  });

  it('are made from sections of the README with their headings one level up, and blocks left alone', () => {
    const text = '# Name\n\nWhat.\n\n## First\n\n```sh\n## no heading\n```\n\n### Part\n\n## More\n';
    expect(sectionsOf('README.md', text).map(({ path, text: section }) => [path, section])).toEqual([
      ['index', '# Name\n\nWhat.\n\n'],
      ['start/first', '# First\n\n```sh\n## no heading\n```\n\n## Part\n\n'],
    ]);
  });

  it.each([
    ['[a](aws.md)', '[a](/guides/aws)'],
    ['[a](../errors.md#websocket_not_running)', '[a](/errors#websocket_not_running)'],
    ['[a](../../README.md#quick-start)', '[a](/start/quick-start)'],
    ['[a](../../README.md#fan-out-options)', '[a](/start/options#fan-out-options)'],
    ['[`a`](../../src/index.ts)', '`a`'],
    ['[a](https://example.com/#b)', '[a](https://example.com/#b)'],
    ['```sh\n[a](nowhere.md)\n```', '```sh\n[a](nowhere.md)\n```'],
  ])('lead on the site where they lead in the repository: %j', (text, expected) => {
    expect(withSiteLinks(page(text), pages)).toBe(expected);
  });

  it.each(['nowhere.md', 'aws.md#nowhere', '../../README.md#nowhere', '#nowhere'])(
    'cannot be built with a link that leads nowhere: %s',
    (link) => {
      expect(() => withSiteLinks(page(`[a](${link})`), pages)).toThrow(`docs/guides/made-up.md links to ${link}`);
    },
  );
});

/** What a file exports by name. */
function exportedNames(path: string): string[] {
  expect(existsSync(join(ROOT, path))).toBe(true);
  const file = ts.createSourceFile(path, readDocument(path), ts.ScriptTarget.Latest);
  return file.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [];
    const { exportClause } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) throw new Error(`${path} exports with a star.`);
    return exportClause.elements.map(({ name }) => name.text);
  });
}
