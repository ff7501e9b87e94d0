import { Logger } from '@nestjs/common';
import type { ErrorFile } from './error.file.js';
import type { LogCode } from './log.codes.js';
import { jsonOf, lineOf, textOf, type LogFields } from './log.line.js';
import { whileWriting, type WrittenLine } from './written.line.js';

export interface LogSettings {
  /** The context that Nest's logger is given with every line. */
  readonly channel: string;
  /** Whether connections and events are told of one by one. */
  readonly debug: boolean;
  /** Gets errors and warnings besides. */
  readonly errorFile: ErrorFile | null;
  /** The time, in epoch milliseconds. */
  readonly now: () => number;
}

const DEFAULTS: LogSettings = Object.freeze({ channel: 'WebSocket', debug: false, errorFile: null, now: Date.now });

type Level = 'error' | 'warn' | 'log' | 'debug';

/**
 * Writes the lines of this package to the logger of the application: each with a stable code, and with the id of the connection that it is
 * about. No method throws, whatever the logger of the application does.
 */
export class Log {
  private readonly logger: Logger;
  private readonly settings: LogSettings;
  private hasSaidFileFails = false;

  constructor(settings: Partial<LogSettings> = {}) {
    this.settings = { ...DEFAULTS, ...settings };
    this.logger = new Logger(this.settings.channel);
  }

  /** Whether {@link debug} writes anything: asked before a line is made that nobody reads. */
  get isDebugging(): boolean {
    return this.settings.debug;
  }

  error(code: LogCode, message: string, fields: LogFields = {}): void {
    this.write('error', code, message, fields);
  }

  warn(code: LogCode, message: string, fields: LogFields = {}): void {
    this.write('warn', code, message, fields);
  }

  info(code: LogCode, message: string, fields: LogFields = {}): void {
    this.write('log', code, message, fields);
  }

  debug(code: LogCode, message: string, fields: LogFields = {}): void {
    if (this.isDebugging) this.write('debug', code, message, fields);
  }

  /** Resolves when the file has every line that it was given, or has lost it. */
  async flushed(): Promise<void> {
    await this.settings.errorFile?.flushed();
  }

  private write(level: Level, code: LogCode, message: string, fields: LogFields): void {
    const line = { ...lineOf(code, message, fields), error: fields.error };
    this.tell(level, line);
    const { errorFile, now } = this.settings;
    if (errorFile === null || (level !== 'error' && level !== 'warn')) return;
    errorFile.append(jsonOf(line, level, now()), (reason) => this.sayFileFails(reason));
  }

  private tell(level: Level, line: WrittenLine): void {
    const { detail } = line;
    const text = textOf(line);
    try {
      // Only errors come with a stack that loggers know how to show.
      if (detail !== null && level === 'error') {
        whileWriting(text, line, () => this.logger.error(text, detail));
      } else {
        const told = detail === null ? text : `${text}\n    ${detail}`;
        whileWriting(told, line, () => this.logger[level](told));
      }
    } catch {
      // A logger that fails must not fail what was going on, and there is no place left to say so.
    }
  }

  private sayFileFails(reason: string): void {
    if (this.hasSaidFileFails) return;
    this.hasSaidFileFails = true;
    const message = `The file of the option "logging.errorFile" cannot be written (${reason}): its lines are lost until it can. Check its folder, its owner and the free space.`;
    this.tell('warn', { ...lineOf('log.file-failed', message, {}), error: undefined });
  }
}
