import type { LogLevel } from '@nestjs/common';
import { jsonText, type LogEntry } from './log.entry.js';

/** The levels of Lambda's advanced logging controls. */
const LAMBDA_LEVELS: Readonly<Record<LogLevel, string>> = {
  verbose: 'TRACE',
  debug: 'DEBUG',
  log: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
};

/** What the members of an object are called that Lambda reads, and this writer decides on. */
const OWN_MEMBERS = new Set(['timestamp', 'level', 'requestId', 'message', 'context']);

/**
 * Writes a line to the console, to which Lambda's runtime adds time, request id and level, and which it makes one event of CloudWatch of, however
 * many lines its stack has.
 */
export function writeText({ level, context, text }: LogEntry): void {
  const line = context === undefined ? text : `[${context}] ${text}`;
  if (level === 'error' || level === 'fatal') console.error(line);
  else if (level === 'warn') console.warn(line);
  else if (level === 'log') console.info(line);
  else console.debug(line);
}

/**
 * Writes lines as JSON, each as one object, with the members by which Lambda's advanced logging controls read and filter: `timestamp`, `level`,
 * `requestId` and `message`; what was thrown as `errorType`, `errorMessage` and `stackTrace`, as Lambda's runtime writes it.
 *
 * @param requestId tells that of the invocation that is being worked on
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 */
export function writeJson(requestId: () => string | undefined): (entry: LogEntry) => void {
  return ({ level, message, context, attributes, error, stack }) => {
    const own = {
      timestamp: new Date().toISOString(),
      level: LAMBDA_LEVELS[level],
      requestId: requestId(),
      message,
      context,
    };
    const thrown = {
      ...(error !== undefined && { errorType: error.name, errorMessage: error.message }),
      ...(stack !== undefined && { stackTrace: stack.split('\n') }),
    };
    const others = Object.fromEntries(Object.entries(attributes).filter(([name]) => !OWN_MEMBERS.has(name)));
    const line = jsonText({ ...own, ...others, ...thrown }) ?? JSON.stringify({ ...own, ...thrown });
    process.stdout.write(`${line}\n`);
  };
}
