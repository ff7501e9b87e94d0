import { inspect } from 'node:util';
import { reasonOf } from '../health/failure.reason.js';
import { CliError } from './cli.error.js';
import { ExitCode } from './exit-code.js';

/** What to say of an error, and what to exit with. */
export interface Failure {
  readonly exitCode: number;
  /** One line. */
  readonly message: string;
  /** The stack, with those of its causes. */
  readonly details: string;
}

/** By code, not by class: an application may have its own copy of this package. */
const EXIT_CODES: Readonly<Record<string, number>> = Object.freeze({
  WEBSOCKET_STORE_UNAVAILABLE: ExitCode.unavailable,
  WEBSOCKET_INVALID_OPTIONS: ExitCode.usage,
  WEBSOCKET_INVALID_NAME: ExitCode.usage,
  WEBSOCKET_INVALID_PAYLOAD: ExitCode.usage,
  WEBSOCKET_PAYLOAD_TOO_LARGE: ExitCode.usage,
});

/** What listening fails with, and what helps. */
const LISTENING: Readonly<Record<string, string>> = Object.freeze({
  EADDRINUSE: 'Another process listens there already: end it, or take another --port.',
  EADDRNOTAVAIL: 'This machine has no such address: check --host.',
  EACCES: 'This user may not listen there: take a --port above 1023, or a socket in a folder of yours.',
});

export function failureOf(error: unknown): Failure {
  const details = error instanceof Error ? inspect(error) : 'Something that is no Error was thrown.';
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message, details };
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown };
  const message = firstLine(error);
  const remedy = syscall === 'listen' ? LISTENING[String(code)] : undefined;
  if (remedy !== undefined) return { exitCode: ExitCode.failed, message: `${message}. ${remedy}`, details };
  const exitCode = EXIT_CODES[String(code)] ?? ExitCode.failed;
  const reason = exitCode === ExitCode.unavailable ? ` (${reasonOf(error)})` : '';
  return { exitCode, message: `${message}${reason}`, details };
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0]?.trim() || 'It failed without a word';
}
