import { printable, widthOf } from './printable.js';

export type Cell = string | number | null;

const GAP = '  ';

/**
 * Lays rows out in columns, page by page: a million rows are not kept to find the widest. A column grows with the pages; numbers stand to the
 * right.
 */
export class TextTable {
  private readonly widths: number[];
  private isBegun = false;

  constructor(
    private readonly headings: readonly string[],
    private readonly emphasize: (heading: string) => string = (heading) => heading,
  ) {
    this.widths = headings.map(widthOf);
  }

  /** The lines of a page, with the headings before the first. */
  lines(rows: readonly (readonly Cell[])[]): string[] {
    const texts = rows.map((row) => row.map(textOf));
    for (const row of texts) {
      row.forEach((text, column) => (this.widths[column] = Math.max(this.widths[column] ?? 0, widthOf(text))));
    }
    const lines = texts.map((row, index) => this.line(row, rows[index] ?? []));
    if (this.isBegun) return lines;
    this.isBegun = true;
    const right = rows[0]?.map((cell) => (typeof cell === 'number' ? 0 : '')) ?? [];
    return [this.emphasize(this.line(this.headings, right)), ...lines];
  }

  private line(texts: readonly string[], cells: readonly Cell[]): string {
    const padded = texts.map((text, column) => {
      const padding = ' '.repeat(Math.max(0, (this.widths[column] ?? 0) - widthOf(text)));
      return typeof cells[column] === 'number' ? padding + text : text + padding;
    });
    return padded.join(GAP).trimEnd();
  }
}

function textOf(cell: Cell): string {
  return cell === null ? '-' : printable(String(cell));
}
