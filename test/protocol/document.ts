import { readFileSync } from 'node:fs';
import { CLIENT_ACTIONS } from '../../src/protocol/wire/client.messages.js';

const DOCUMENT = new URL('../../docs/protocol.md', import.meta.url);

/** One line of a block of the document. */
export interface Example {
  readonly line: string;
  /** The heading that it stands under. */
  readonly heading: string;
  /** Which block of the document it is in, from 0. */
  readonly block: number;
  readonly isOfClient: boolean;
  readonly message: Readonly<Record<string, unknown>>;
}

/** A row of the table of codes. */
export interface CodeRow {
  readonly code: string;
  readonly mayRetry: boolean;
}

const text = readFileSync(DOCUMENT, 'utf8');

/** Every line of every block of JSON. @throws SyntaxError for one that is none */
export function documentExamples(): Example[] {
  const examples: Example[] = [];
  let heading = '';
  let block = -1;
  let isInside = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
    else if (line.startsWith('```')) {
      isInside = line === '```jsonl';
      if (isInside) block++;
    } else if (isInside) {
      const message = JSON.parse(line) as Example['message'];
      examples.push({
        line,
        heading,
        block,
        message,
        isOfClient: CLIENT_ACTIONS.has(String(message['action'])) && !('type' in message),
      });
    }
  }
  return examples;
}

export function documentedCodes(): CodeRow[] {
  const rows = text.matchAll(/^\| `([a-z-]+)` +\| (yes|no) +\|/gm);
  return [...rows].map(([, code, retry]) => ({ code: code!, mayRetry: retry === 'yes' }));
}

/** How many blocks of code the document has, in whatever language. */
export const blocks: readonly string[] = [...text.matchAll(/^```(\w+)$/gm)].map(([, language]) => language!);
