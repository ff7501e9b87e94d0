/** A table in Markdown: the first column reads from the left, figures from the right. */
export function table(headings, rows) {
  const cells = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(4, ...cells.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(cells[0]), `| ${rule.join(' | ')} |`, ...cells.slice(1).map(line)].join('\n');
}

export const count = (number) => Math.round(number).toLocaleString('en');
/** A dash for what was not measured, or does not apply. */
export const decimal = (number, digits = 1) => (Number.isFinite(number) ? number.toFixed(digits) : '–');
