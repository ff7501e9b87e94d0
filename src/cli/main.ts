#!/usr/bin/env node
import { ExitCode } from './exit-code.js';
import { runProgram } from './program.js';

/** How long a command may take to notice that it was interrupted. `serve` takes what its connections need. */
const NOTICE_WITHIN_MS = 2_000;

const interruption = new AbortController();
const isServing = process.argv[2] === 'serve';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever says it twice means it.
    if (interruption.signal.aborted) process.exit(ExitCode.interrupted);
    interruption.abort();
    if (!isServing) setTimeout(() => process.exit(ExitCode.interrupted), NOTICE_WITHIN_MS).unref();
  });
}

// An application may leave timers and sockets behind; what there was to say is out.
process.exit(
  await runProgram(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interruption.signal,
  }),
);
