import type { DefaultTheme } from 'vitepress';
import { readEntries } from './api.js';
import type { Page } from './documents.js';

/** Pages in the order in which to read them; those that are not named here follow, by their paths. */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  Guides: [
    ...['embedded-gateway', 'aws', 'deployment', 'bundling', 'state', 'channels', 'client', 'admission', 'fan-out'],
    ...['testing', 'cluster', 'proxies', 'kubernetes', 'operations', 'sizing', 'when-not-to-use'],
  ].map((name) => `guides/${name}`),
  Recipes: ['chat', 'notifications', 'dashboard', 'background-job'].map((name) => `recipes/${name}`),
  Migrating: ['from-nestjs-websockets', 'from-laravel-bref'].map((name) => `migrating/${name}`),
  Reference: ['reference/options', 'reference/events', 'errors', 'protocol', 'reference/cli'],
  Project: ['architecture'],
};

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  Start: ['index', 'start/'],
  Guides: ['guides/'],
  Recipes: ['recipes/'],
  Migrating: ['migrating/'],
  Reference: ['reference/', 'errors', 'protocol'],
  Project: ['architecture', 'project/'],
};

export function sidebarOf(pages: readonly Page[]): DefaultTheme.SidebarItem[] {
  return Object.entries(FOLDERS).map(([text, folders]) => {
    const own = pages.filter(({ path }) => folders.some((folder) => path.startsWith(folder)));
    const order = ORDER[text] ?? [];
    const rank = ({ path }: Page): number => (order.includes(path) ? order.indexOf(path) : order.length);
    const items = own.toSorted((a, b) => rank(a) - rank(b)).map(({ path, title }) => itemOf(path, title));
    return { text, collapsed: false, items: text === 'Reference' ? [...items, api()] : items };
  });
}

function itemOf(path: string, title: string): DefaultTheme.SidebarItem {
  return {
    text: path === 'index' ? 'What it is' : title.replaceAll('`', ''),
    link: `/${path === 'index' ? '' : path}`,
  };
}

function api(): DefaultTheme.SidebarItem {
  const items = readEntries().map(({ name }) => ({ text: name, link: `/api/${name}/` }));
  return { text: 'API', collapsed: true, items };
}
