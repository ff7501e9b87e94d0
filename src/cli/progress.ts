import type { Output } from './output.js';

/** How often a line is written where nobody watches. */
const LINE_EVERY_MS = 5_000;

/** How often a line that a person watches is written anew. */
const REWRITE_EVERY_MS = 200;

/** How far long work is: one line on a terminal that changes, and else a line now and then. */
export class Progress {
  private readonly startedAt = Date.now();
  private toldAt = Date.now();
  private hasLine = false;

  constructor(private readonly output: Output) {}

  /** @param text what is done so far */
  tell(text: string): void {
    const now = Date.now();
    if (now - this.toldAt < (this.output.isWatched ? REWRITE_EVERY_MS : LINE_EVERY_MS)) return;
    this.toldAt = now;
    const line = `${text} (${Math.round((now - this.startedAt) / 1_000)} s)`;
    if (!this.output.isWatched) {
      this.output.note(line);
      return;
    }
    this.hasLine = true;
    this.output.raw(`\r\u001b[K${line}`);
  }

  /** Takes the line away again. */
  end(): void {
    if (this.hasLine) this.output.raw('\r\u001b[K');
  }
}
