import { ConsoleLogger, type LoggerService, type LogLevel } from '@nestjs/common';
import type { LambdaHandlerOptions } from '../lambda.options.js';
import { writeJson, writeText } from './console.writers.js';
import { EntryLogger, LEVELS } from './entry.logger.js';
import { writeWithPowertools } from './powertools.logger.js';

/** What is written where nobody says anything else. */
const WARNINGS: readonly LogLevel[] = ['warn', 'error', 'fatal'];

/** The least severe level that each of Lambda's lets through. */
const LEAST: Readonly<Record<string, LogLevel>> = {
  TRACE: 'verbose',
  DEBUG: 'debug',
  INFO: 'log',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
};

/**
 * The logger of an application on Lambda. `application.logger` wins where it is one, or `false`; levels in it are those of the logger that is
 * chosen here.
 *
 * @param requestId tells that of the invocation that is being worked on
 */
export function loggerFor(
  { application, logger }: LambdaHandlerOptions,
  requestId: () => string | undefined,
): LoggerService | false {
  const given = application?.logger;
  if (given === false || (typeof given === 'object' && !Array.isArray(given))) return given;
  const chosen = Array.isArray(given) ? given : null;
  // Powertools knows its own level.
  const made =
    logger === undefined
      ? consoleLogger(requestId, chosen ?? levelsOfLambda() ?? WARNINGS)
      : new EntryLogger(writeWithPowertools(logger));
  if (chosen !== null) made.setLogLevels?.([...chosen]);
  return made;
}

function consoleLogger(requestId: () => string | undefined, levels: readonly LogLevel[]): LoggerService {
  const { AWS_LAMBDA_FUNCTION_NAME: functionName, AWS_LAMBDA_LOG_FORMAT: format } = process.env;
  if (format === 'JSON') return new EntryLogger(writeJson(requestId), levels);
  if (functionName !== undefined) return new EntryLogger(writeText, levels);
  // `undefined` for files and pipes, whatever its type says.
  const stdout: { readonly isTTY?: boolean } = process.stdout;
  return new ConsoleLogger({
    logLevels: [...levels],
    colors: stdout.isTTY === true && !process.env['NO_COLOR'],
  });
}

function levelsOfLambda(): readonly LogLevel[] | null {
  const least = LEAST[process.env['AWS_LAMBDA_LOG_LEVEL']?.toUpperCase() ?? ''];
  return least === undefined ? null : LEVELS.slice(LEVELS.indexOf(least));
}
