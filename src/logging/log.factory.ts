import { ErrorFile } from './error.file.js';
import { jsonOf, lineOf } from './log.line.js';
import { Log } from './log.js';

/** Where the lines of the log go. */
export interface LogTargets {
  readonly debug: boolean;
  readonly channel: string;
  /** The path of a file for errors and warnings; `null` writes none. */
  readonly errorFile: string | null;
}

/** Makes the log of an application. Nothing is opened before the first error. */
export function createLog(
  { debug, channel, errorFile }: LogTargets,
  clock: { readonly now: () => number } = Date,
): Log {
  const now = (): number => clock.now();
  const lostLine = (lost: number): string =>
    jsonOf(lineOf('log.lines-lost', `Lines that could not be written here: ${lost}.`, {}), 'warn', now());
  return new Log({ debug, channel, now, errorFile: errorFile === null ? null : new ErrorFile(errorFile, lostLine) });
}
