import type { INestApplicationContext } from '@nestjs/common';
import type { NestFactory } from '@nestjs/core';
import type { CleanupOptions } from '../sweep/stale.sweep.js';

type ContextOptions = NonNullable<Parameters<typeof NestFactory.createApplicationContext>[1]>;

/** What the Lambda runtime passes beside the event, as far as it is used. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  getRemainingTimeInMillis?(): number;
}

/** How {@link createLambdaHandler} starts and runs the application. */
export interface LambdaHandlerOptions {
  /** What `NestFactory.createApplicationContext` gets, e.g. a `logger`. `abortOnError` is always `false`. @default warnings and errors are logged */
  readonly application?: Omit<ContextOptions, 'abortOnError'>;

  /** Whether the application starts as soon as the handler is created: in Lambda's init phase, which has more CPU. @default true */
  readonly startsAtOnce?: boolean;

  /** Called once the application is up, before the first event. When it throws, the start has failed. */
  readonly onStart?: (application: INestApplicationContext) => void | Promise<void>;

  /** How long before the time of an invocation is up sends end, so that it can still answer; in milliseconds. @default 500 */
  readonly reserveMs?: number;

  /** How a scheduled clean-up runs. @default {} */
  readonly cleanup?: CleanupOptions;
}
