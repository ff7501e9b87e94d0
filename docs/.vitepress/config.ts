import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitepress';
import { writeApi } from './api.js';
import { readPages, ROOT, slugOf, withSiteLinks } from './documents.js';
import { sidebarOf } from './sidebar.js';

/** What the site is built of: documents with their links turned, and the reference of the API. Git ignores it. */
const PAGES = join(ROOT, 'docs/.vitepress/pages');
const API = join(PAGES, 'api');

const ICON =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#5672cd" stroke-width="2">' +
      '<path d="M2 5h10l-3-3M14 11H4l3 3"/></svg>',
  );

async function writePages(): Promise<void> {
  const pages = readPages();
  for (const page of pages) {
    const file = join(PAGES, `${page.path}.md`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, withSiteLinks(page, pages));
  }
}

// A preview shows what was built; while someone writes, the API of the last time will do.
const [command] = process.argv.slice(2);
if (command === 'build') await rm(PAGES, { recursive: true, force: true });
if (command !== 'preview') {
  await writePages();
  if (!existsSync(API)) await writeApi(API);
}

export default defineConfig({
  title: 'nestjs-apigateway-websocket',
  description:
    'WebSockets for NestJS on AWS API Gateway, and without AWS on an embedded gateway that speaks the same contract',
  lang: 'en',
  srcDir: '.vitepress/pages',
  lastUpdated: false,
  head: [
    ['link', { rel: 'icon', href: ICON }],
    ['style', {}, await readFile(join(ROOT, 'docs/.vitepress/style.css'), 'utf8')],
  ],
  markdown: {
    anchor: { slugify: slugOf },
    languageAlias: { jsonl: 'json', haproxy: 'nginx' },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: sidebarOf(readPages()),
    nav: [
      { text: 'Quick start', link: '/start/quick-start' },
      { text: 'Guides', link: '/guides/embedded-gateway' },
      { text: 'Options', link: '/reference/options' },
      { text: 'API', link: '/api/application/' },
    ],
  },
  vite: {
    // The index of the search, which is loaded when somebody searches.
    build: { chunkSizeWarningLimit: 4_000 },
    plugins: [
      {
        name: 'documents',
        configureServer(server) {
          server.watcher.add([join(ROOT, 'docs'), join(ROOT, 'README.md')]);
          server.watcher.on('change', (path) => {
            if (!path.endsWith('.md') || path.startsWith(PAGES)) return;
            writePages().catch((error: unknown) => server.config.logger.error(String(error)));
          });
        },
      },
    ],
  },
});
