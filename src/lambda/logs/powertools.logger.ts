import type { LambdaContext } from '../lambda.context.js';
import type { LogEntry } from './log.entry.js';

type Write = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'critical';

/** What is used of a `Logger` of `@aws-lambda-powertools/logger`: give one of its version 2, or anything else with these methods. */
export interface PowertoolsLogger {
  /** Called before each invocation, so that each line has its request id and `cold_start`. */
  addContext(context: LambdaContext): void;
  trace(message: string, attributes: Readonly<Record<string, unknown>>): void;
  debug(message: string, attributes: Readonly<Record<string, unknown>>): void;
  info(message: string, attributes: Readonly<Record<string, unknown>>): void;
  warn(message: string, attributes: Readonly<Record<string, unknown>>): void;
  error(message: string, attributes: Readonly<Record<string, unknown>>): void;
  critical(message: string, attributes: Readonly<Record<string, unknown>>): void;
}

const METHODS = {
  verbose: 'trace',
  debug: 'debug',
  log: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'critical',
} as const satisfies Readonly<Record<LogEntry['level'], Write>>;

/** Powertools decides on these, and warns of each line that has one. */
const RESERVED = new Set(['level', 'message', 'sampling_rate', 'service', 'timestamp']);

/** Writes lines with Powertools: the sentence as `message`, everything else as attributes, what was thrown as `error`. */
export function writeWithPowertools(logger: PowertoolsLogger): (entry: LogEntry) => void {
  return ({ level, message, context, attributes, error, stack }) => {
    logger[METHODS[level]](message, {
      ...Object.fromEntries(Object.entries(attributes).filter(([name]) => !RESERVED.has(name))),
      ...(context !== undefined && { context }),
      ...(error !== undefined ? { error } : stack !== undefined && { stack }),
    });
  };
}
