import type { INestApplicationContext } from '@nestjs/common';
import type { NestFactory } from '@nestjs/core';
import type { CleanupOptions } from '../sweep/stale.sweep.js';
import type { PowertoolsLogger } from './logs/powertools.logger.js';

type ContextOptions = NonNullable<Parameters<typeof NestFactory.createApplicationContext>[1]>;

/** How {@link createLambdaHandler} starts and runs the application. */
export interface LambdaHandlerOptions {
  /**
   * What `NestFactory.createApplicationContext` gets, e.g. a `logger`, which replaces those that are described at {@link logger}; levels in its place are
   * theirs. `abortOnError` is always `false`.
   *
   * @default {}
   */
  readonly application?: Omit<ContextOptions, 'abortOnError'>;

  /**
   * The `Logger` of AWS Powertools, to which all lines of Nest and of this package go, with their parts as attributes.
   *
   * @default lines of the console, each one event of CloudWatch Logs, or of JSON where the function's log format is `JSON`; of the level that is set for
   * the function (`AWS_LAMBDA_LOG_LEVEL`), otherwise warnings and errors
   */
  readonly logger?: PowertoolsLogger;

  /** Whether the application starts as soon as the handler is created: in Lambda's init phase, which has more CPU. @default true */
  readonly startsAtOnce?: boolean;

  /** Called once the application is up, before the first event. When it throws, the start has failed. */
  readonly onStart?: (application: INestApplicationContext) => void | Promise<void>;

  /** How long before the time of an invocation is up sends end, so that it can still answer; in milliseconds. @default 500 */
  readonly reserveMs?: number;

  /** How a scheduled clean-up runs. @default {} */
  readonly cleanup?: CleanupOptions;
}
