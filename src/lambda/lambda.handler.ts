import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { ApplicationModule } from './lambda.application.js';
import type { LambdaContext } from './lambda.context.js';
import { LambdaInvoker } from './lambda.invoker.js';
import type { LambdaHandlerOptions } from './lambda.options.js';
import type { LambdaResponse } from './lambda.response.js';

/** What Lambda calls for each invocation. */
export interface LambdaHandler {
  (event: unknown, context?: LambdaContext): Promise<LambdaResponse>;

  /**
   * Resolves when the application is up; also when it did not start, which is for the first event to tell. An ES module that awaits it has the whole
   * start in Lambda's init phase, which would otherwise end as soon as the module is loaded. Resolves at once where `startsAtOnce` is `false`.
   */
  readonly ready: Promise<void>;
}

/**
 * The handler of a Lambda function, with an application that is built once for all its events: for every route of a WebSocket API, for the
 * queue of `fanout.offload`, for a schedule that cleans up, and for warm-ups. It answers when every listener and every send has finished; sends
 * end `reserveMs` before the time of the invocation is up, and their reports say so.
 *
 * The handler rejects when the application does not start (the next event starts it anew), and with `UnknownInvocationError` for what is none of
 * these events.
 *
 * @param module the application's module, which imports `WebSocketModule`
 * @throws InvalidOptionsError when `reserveMs` is no number of milliseconds
 *
 * @example
 * export const handler = createLambdaHandler(AppModule);
 * await handler.ready;
 */
export function createLambdaHandler(module: ApplicationModule, options: LambdaHandlerOptions = {}): LambdaHandler {
  const { reserveMs = 0, startsAtOnce = true } = options;
  if (!Number.isFinite(reserveMs) || reserveMs < 0)
    throw new InvalidOptionsError('reserveMs', 'The option "reserveMs" must be a number of milliseconds, 0 or more.');
  const invoker = new LambdaInvoker(module, options);
  const ready = startsAtOnce ? invoker.prepare() : Promise.resolve();
  // Local runs may pass null.
  return Object.assign((event: unknown, context?: LambdaContext) => invoker.handle(event, context ?? {}), { ready });
}
