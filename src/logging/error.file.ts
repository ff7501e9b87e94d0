import { open } from 'node:fs/promises';

/** Lines that wait while others are written; above, lines are counted instead of kept. */
const MAX_WAITING_CHARACTERS = 1_048_576;

/** Readable by the group, which collectors of logs are in. */
const MODE = 0o640;

/**
 * Appends lines to a file. The file is opened for each batch of lines and closed after it, so a file that was moved away or removed is made
 * anew with the next line, and nobody need send a signal. What cannot be written is lost and counted, and never an error.
 */
export class ErrorFile {
  private waiting: string[] = [];
  private waitingCharacters = 0;
  /** How many lines could not be written, and how many came when too much waited. */
  private lostBefore = 0;
  private lostAfter = 0;
  /** At first, for a process before this one may have been killed in the middle of a line. */
  private mayBeTorn = true;
  private writing: Promise<void> | null = null;

  /** @param lostLine the line that tells how many others were lost */
  constructor(
    private readonly path: string,
    private readonly lostLine: (lost: number) => string,
  ) {}

  /**
   * Takes a line to write behind those before it.
   *
   * @param line with its end
   * @param onFailure is told in a word why lines are lost
   */
  append(line: string, onFailure: (reason: string) => void): void {
    if (this.waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
      this.lostAfter++;
      return;
    }
    this.waiting.push(line);
    this.waitingCharacters += line.length;
    this.writing ??= this.writeAll(onFailure).finally(() => (this.writing = null));
  }

  /** Resolves when nothing waits any more. */
  async flushed(): Promise<void> {
    while (this.writing !== null) await this.writing;
  }

  private async writeAll(onFailure: (reason: string) => void): Promise<void> {
    // Those that come in the same turn go into one batch.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const { waiting: lines, lostBefore, lostAfter } = this;
      this.waiting = [];
      this.waitingCharacters = 0;
      this.lostBefore = 0;
      this.lostAfter = 0;
      try {
        const start = this.mayBeTorn && (await isTorn(this.path)) ? '\n' : '';
        await this.write([start, this.tellOf(lostBefore), ...lines, this.tellOf(lostAfter)].join(''));
        this.mayBeTorn = false;
      } catch (error) {
        this.lostBefore += lostBefore + lines.length + lostAfter;
        this.mayBeTorn = true;
        onFailure((error as NodeJS.ErrnoException).code ?? 'Error');
      }
    }
  }

  private tellOf(lost: number): string {
    return lost > 0 ? this.lostLine(lost) : '';
  }

  private async write(text: string): Promise<void> {
    const file = await open(this.path, 'a', MODE);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  }
}

/** Whether a file ends in the middle of a line, as one does that a full disk cut off. */
async function isTorn(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size === 0) return false;
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
      return buffer.toString() !== '\n';
    } finally {
      await file.close();
    }
  } catch {
    // There is none yet, or it may be written and not be read.
    return false;
  }
}
