/** Everything of all pages. */
export async function collect<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) for (const item of page) items.push(item);
  return items;
}

/** The ids of all pages, each once. */
export async function collectIds(pages: AsyncIterable<readonly string[]>): Promise<string[]> {
  return [...new Set(await collect(pages))];
}

export async function* noPages(): AsyncIterable<readonly string[]> {}
