import { describe, expect, it } from '@jest/globals';
import { Closes, UnsentCloses } from '../../src/protocol/close-codes.js';
import { readText, sourceFiles } from '../architecture/source.js';

const document = readText('docs/reference/close-codes.md');

/** The rows of the table below a heading, cell by cell, without the code's backticks. */
function rowsOf(text: string): { code: number; name: string; reconnect: string; reason: string; when: string }[] {
  return [...text.matchAll(/^\| `(\d{4})` (\|.*\|)$/gm)].map(([, code, rest = '']) => {
    const [, name = '', reconnect = '', reason = '', when = ''] = rest
      .split('|')
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'));
    return { code: Number(code), name, reconnect, reason, when };
  });
}

const [sent = '', unsent = ''] = document.split('## Without a close frame');

describe('docs/reference/close-codes.md', () => {
  it.each([
    ['sends', sent, Closes],
    ['never sends, and reports', unsent, UnsentCloses],
  ])('has every close that the gateway %s, and no other', (_, text, closes) => {
    const documented = rowsOf(text);
    expect(documented.map(({ code, name, reconnect, reason }) => ({ name, code, reason, reconnect }))).toEqual(
      Object.entries(closes).map(([name, close]) => ({ name, ...close })),
    );
    expect(documented.every(({ when }) => when !== '')).toBe(true);
  });

  it('explains every word for when to come back', () => {
    for (const { reconnect } of [...Object.values(Closes), ...Object.values(UnsentCloses)])
      expect(document).toContain(`- **${reconnect}**: `);
  });
});

describe('the source', () => {
  it('closes with codes of src/protocol/close-codes.ts only', () => {
    const files = sourceFiles().filter((path) => path !== 'src/protocol/close-codes.ts');
    const codes = Object.values({ ...Closes, ...UnsentCloses })
      .map(({ code }) => code)
      // What an application may give to `disconnect` is 1000 when it gives nothing.
      .filter((code) => code !== Closes.deleted.code);
    const literal = new RegExp(`(?:code: |close\\(|= )(?:${codes.join('|')})\\b`);
    expect(files.filter((path) => literal.test(readText(path)))).toEqual([]);
  });
});
