import { isatty } from 'node:tty';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import type { Output } from './output.js';

const LEVELS: LogLevel[] = ['warn', 'error', 'fatal'];

/** Under this name Nest logs what it throws out of the start as well, which the command itself tells. */
const THROWN = 'ExceptionHandler';

/** Nest's log of an application that is served, all of it on stderr: what is on stdout is for whoever reads the results. */
export class StderrLogger extends ConsoleLogger {
  constructor() {
    super({ colors: isatty(process.stderr.fd) && !process.env['NO_COLOR'] });
  }

  override error(message: unknown, ...parameters: unknown[]): void {
    if (parameters.at(-1) !== THROWN) super.error(message, ...parameters);
  }

  protected override printMessages(
    messages: unknown[],
    context?: string,
    logLevel?: LogLevel,
    _stream?: 'stdout' | 'stderr',
    errorStack?: unknown,
    params?: unknown[],
  ): void {
    super.printMessages(messages, context, logLevel, 'stderr', errorStack, params);
  }
}

/** Warnings and errors of an application that a command looks into, each as one remark. */
export class RemarkLogger extends ConsoleLogger {
  constructor(
    private readonly remarks: Output,
    private readonly isDebug: boolean,
  ) {
    super({ logLevels: LEVELS });
  }

  override error(message: unknown, ...parameters: unknown[]): void {
    if (parameters.at(-1) !== THROWN) super.error(message, ...parameters);
  }

  protected override printMessages(
    messages: unknown[],
    _context?: string,
    logLevel?: LogLevel,
    _stream?: 'stdout' | 'stderr',
    stack?: unknown,
  ): void {
    for (const message of messages)
      this.remarks.note(`${logLevel === 'warn' ? 'warning' : 'error'}: ${textOf(message)}`);
    if (this.isDebug && typeof stack === 'string') this.remarks.note(stack);
  }

  protected override printStackTrace(): void {}
}

function textOf(message: unknown): string {
  const text = message instanceof Error ? message.message : String(message);
  return text.split('\n', 1)[0] ?? '';
}
