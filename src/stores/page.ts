/** How many ids a page of a store holds. */
export const PAGE_SIZE = 1_000;

/** Cuts a sequence into pages without holding more than one of them. */
export async function* pagesOf<Item>(items: Iterable<Item>): AsyncIterable<Item[]> {
  let page: Item[] = [];
  for (const item of items) {
    page.push(item);
    if (page.length === PAGE_SIZE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}
