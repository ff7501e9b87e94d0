/** How many ids a page of a store holds. */
export const PAGE_SIZE = 1_000;

/** Cuts a list into pages. */
export function* pagesOf<Item>(items: readonly Item[], size = PAGE_SIZE): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** How many items are on all pages. */
export async function countOf(pages: AsyncIterable<readonly unknown[]>): Promise<number> {
  let count = 0;
  for await (const page of pages) count += page.length;
  return count;
}
