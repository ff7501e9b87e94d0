import type { INestApplicationContext } from '@nestjs/common';
import { UnknownInvocationError } from '../errors/unknown-invocation.error.js';
import type { SqsBatchResponse, SqsEvent } from '../fanout/offload/sqs.event.js';
import { withDeadline } from '../fanout/invocation.deadline.js';
import type { WebSocketResponse } from '../protocol/response.js';
import { WebSocketManager } from '../websocket.manager.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from '../websocket.options-resolver.js';
import { kindOf } from './invocation.kind.js';
import { LambdaApplication, type ApplicationModule } from './lambda.application.js';
import type { LambdaContext, LambdaHandlerOptions } from './lambda.options.js';

const RESERVE_MS = 500;

/** What a scheduled clean-up answers. */
export interface CleanupResponse {
  /** How many connections were ended. */
  readonly ended: number;
}

/** What a warm-up answers. */
export interface WarmUpResponse {
  readonly warm: true;
}

/** What the function returns: for an event of a WebSocket API the answer to it, for a batch of SQS the messages to deliver again. */
export type LambdaResponse = WebSocketResponse | SqsBatchResponse | CleanupResponse | WarmUpResponse;

export type LambdaHandler = (event: unknown, context?: LambdaContext) => Promise<LambdaResponse>;

/**
 * The handler of a Lambda function, with an application that is built once for all its events: for every route of a WebSocket API, for the
 * queue of `fanout.offload`, for a schedule that cleans up, and for warm-ups. It answers when every listener and every send has finished; sends
 * end `reserveMs` before the time of the invocation is up, and their reports say so.
 *
 * The handler rejects when the application does not start (the next event starts it anew), and with `UnknownInvocationError` for what is none of
 * these events.
 *
 * @param module the application's module, which imports `WebSocketModule`
 *
 * @example
 * export const handler = createLambdaHandler(AppModule);
 */
export function createLambdaHandler(module: ApplicationModule, options: LambdaHandlerOptions = {}): LambdaHandler {
  const application = new LambdaApplication(module, options);
  // Its failure is for the first event to tell.
  if (options.startsAtOnce !== false) application.start().catch(() => undefined);
  return async (event, context = {}) => {
    const kind = kindOf(event);
    if (kind === 'unknown') throw new UnknownInvocationError();
    const running = await application.start();
    if (kind === 'warm-up') return { warm: true };
    const work = (): Promise<LambdaResponse> => run(kind, event, running, options);
    const leftMs = context.getRemainingTimeInMillis?.();
    if (leftMs === undefined) return work();
    const { clock } = running.get<ResolvedWebSocketOptions>(WEBSOCKET_OPTIONS, { strict: false });
    return withDeadline(clock, Math.max(0, leftMs - (options.reserveMs ?? RESERVE_MS)), work);
  };
}

async function run(
  kind: 'websocket' | 'shards' | 'cleanup',
  event: unknown,
  application: INestApplicationContext,
  { cleanup }: LambdaHandlerOptions,
): Promise<LambdaResponse> {
  const manager = application.get(WebSocketManager, { strict: false });
  switch (kind) {
    case 'websocket':
      return manager.handle(event);
    case 'shards':
      return manager.handle(event as SqsEvent);
    case 'cleanup':
      return { ended: await manager.cleanup(cleanup) };
  }
}
