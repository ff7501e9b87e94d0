import type { Output } from './output.js';
import { TextTable, type Cell } from './text-table.js';

export interface ListedItem {
  readonly cells: readonly Cell[];
  /** What a script gets in its place. */
  readonly document: object;
}

/** A list that may be very long, written page by page as it comes in: as a table, or as one JSON document a line. */
export class Listing {
  private readonly table: TextTable;
  private written = 0;

  constructor(
    private readonly output: Output,
    headings: readonly string[],
    private readonly limit = Infinity,
  ) {
    this.table = new TextTable(headings, (heading) => output.styled('bold', heading));
  }

  /** Whether nothing more is wanted: the limit is reached, or nobody reads any more. */
  get isOver(): boolean {
    return this.written >= this.limit || this.output.isClosed;
  }

  async add(items: readonly ListedItem[]): Promise<void> {
    const page = items.slice(0, this.limit - this.written);
    if (page.length === 0) return;
    this.written += page.length;
    if (this.output.isJson) await this.output.documents(page.map(({ document }) => document));
    else await this.output.lines(this.table.lines(page.map(({ cells }) => cells)));
  }

  /** @param nothing what to say to a person where there is nothing to list */
  async end(nothing: string): Promise<void> {
    if (this.written === 0 && !this.output.isJson) this.output.note(nothing);
  }
}
