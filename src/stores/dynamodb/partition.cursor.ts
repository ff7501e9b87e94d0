import type { Fields } from './attribute.values.js';
import type { ItemKey, PartitionQuery, TableRequests } from './table.requests.js';

/** How many partitions are read at once. */
export const LANES = 8;

interface Place {
  readonly partition: string;
  readonly start: ItemKey | undefined;
}

/** Reads partitions side by side, a page of each at a time. */
export class PartitionCursor {
  private places: readonly Place[];

  constructor(
    partitions: readonly string[],
    private readonly query: PartitionQuery,
  ) {
    this.places = partitions.map((partition) => ({ partition, start: undefined }));
  }

  get isDone(): boolean {
    return this.places.length === 0;
  }

  async next(requests: TableRequests): Promise<{ items: Fields[]; count: number }> {
    const reading = this.places.slice(0, LANES);
    const pages = await Promise.all(
      reading.map(async ({ partition, start }) => ({
        partition,
        ...(await requests.query(partition, this.query, start)),
      })),
    );
    const unfinished = pages.flatMap(({ partition, next }) => (next === undefined ? [] : [{ partition, start: next }]));
    this.places = [...unfinished, ...this.places.slice(LANES)];
    return {
      items: pages.flatMap(({ items }) => [...items]),
      count: pages.reduce((total, { count }) => total + count, 0),
    };
  }
}
