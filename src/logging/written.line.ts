import type { LogLine } from './log.line.js';

/** A line while it is being written, in the parts of which its text is made. */
export interface WrittenLine extends LogLine {
  /** What was thrown, where the line tells of that. */
  readonly error: unknown;
}

let current: { readonly text: string; readonly line: WrittenLine } | null = null;

/** Calls `write`, which gives `text` to a logger, and lets that logger have the line in its parts meanwhile. */
export function whileWriting(text: string, line: WrittenLine, write: () => void): void {
  const outer = current;
  current = { text, line };
  try {
    write();
  } finally {
    current = outer;
  }
}

/**
 * The line of this package whose text a logger was just given; `null` for a text of somebody else's, and for one that was put aside and is
 * written later.
 */
export function writtenLineOf(text: unknown): WrittenLine | null {
  return current !== null && current.text === text ? current.line : null;
}
