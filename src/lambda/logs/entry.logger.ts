import type { LoggerService, LogLevel } from '@nestjs/common';
import { entryOf, type LogEntry } from './log.entry.js';

/** Every level, the most talkative first. */
export const LEVELS: readonly LogLevel[] = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'];

/** Under these names Nest tells of each module that it starts: a dozen lines for each cold start. */
const STARTING = new Set<unknown>(['NestFactory', 'InstanceLoader']);

/** A logger for Nest that takes lines apart. None of its methods throws, whatever becomes of a line. */
export class EntryLogger implements LoggerService {
  readonly verbose = this.at('verbose');
  readonly debug = this.at('debug');
  readonly log = this.at('log');
  readonly warn = this.at('warn');
  readonly error = this.at('error');
  readonly fatal = this.at('fatal');
  private isChosen = false;

  /** @param levels those that are written */
  constructor(
    private readonly write: (entry: LogEntry) => void,
    private levels: readonly LogLevel[] = LEVELS,
  ) {}

  /** As Nest takes levels: those named, and any that is as severe as the most severe of them. From then on lines of its start are written, too. */
  setLogLevels(levels: LogLevel[]): void {
    this.isChosen = true;
    const most = Math.max(...levels.map((level) => LEVELS.indexOf(level)));
    this.levels = LEVELS.filter((level, rank) => levels.includes(level) || (levels.length > 0 && rank >= most));
  }

  private at(level: LogLevel) {
    return (message: unknown, ...parameters: unknown[]): void => {
      if (!this.levels.includes(level)) return;
      if (level === 'log' && !this.isChosen && STARTING.has(parameters.at(-1))) return;
      try {
        this.write(entryOf(level, message, parameters));
      } catch {
        // What is logged must not fail what was going on.
      }
    };
  }
}
