import type { Output } from './output.js';

/** One call of a command. */
export interface Invocation<Options> {
  readonly args: readonly string[];
  readonly options: Options;
  readonly output: Output;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** What a command's module exports. Resolves the exit code. */
export type Run<Options> = (invocation: Invocation<Options>) => Promise<number>;
