import type { INestApplicationContext } from '@nestjs/common';
import { UnknownInvocationError } from '../errors/unknown-invocation.error.js';
import type { SqsEvent } from '../fanout/offload/sqs.event.js';
import { routeOf } from '../logging/event.lines.js';
import { Log } from '../logging/log.js';
import type { InvocationFacts, InvocationTracer, TellOverdue } from '../telemetry/invocation.tracer.js';
import { isOpenTelemetryRegistered } from '../telemetry/open-telemetry.registered.js';
import { WebSocketManager } from '../websocket.manager.js';
import { kindOf, type InvocationKind } from './invocation.kind.js';
import { withinLimits } from './invocation.limits.js';
import { LambdaApplication, type ApplicationModule } from './lambda.application.js';
import { requestIdOf, timeLeftOf, type LambdaContext } from './lambda.context.js';
import type { LambdaHandlerOptions } from './lambda.options.js';
import type { LambdaResponse } from './lambda.response.js';
import { loggerFor } from './logs/lambda.logger.js';
import { RunningInvocations, type Within } from './running.invocations.js';

const RESERVE_MS = 500;

const TRIGGERS = {
  websocket: 'http',
  shards: 'pubsub',
  cleanup: 'timer',
  'warm-up': 'other',
  unknown: 'other',
} as const satisfies Readonly<Record<InvocationKind, InvocationFacts['trigger']>>;

/** Route keys may be this long. */
const MAX_ROUTE_CHARACTERS = 128;

interface RunningInvocation {
  readonly kind: InvocationKind;
  readonly event: unknown;
  readonly context: LambdaContext;
  readonly within: Within;
}

/** Answers the invocations of one function: logs and traces each, and hands it to the application. */
export class LambdaInvoker {
  private readonly invocations = new RunningInvocations();
  private readonly application: LambdaApplication;
  private loadingTracer: Promise<InvocationTracer | null> | null = null;
  private isFirst = true;

  constructor(
    module: ApplicationModule,
    private readonly options: LambdaHandlerOptions,
  ) {
    const logger = loggerFor(options, () => this.invocations.requestId);
    this.application = new LambdaApplication(module, options, logger);
  }

  /**
   * Starts the application ahead of the first event, which rejects with what that fails with if it waits for it. Resolves when it is up, or has failed to
   * start.
   */
  async prepare(): Promise<void> {
    try {
      await this.application.start();
    } catch (error) {
      if (!this.invocations.areNone) return;
      new Log().warn('start.failed', 'The application did not start. The first event starts it anew.', { error });
    }
  }

  async handle(event: unknown, context: LambdaContext): Promise<LambdaResponse> {
    this.tellLogger(context);
    const requestId = requestIdOf(context);
    return this.invocations.run(requestId, async (within) => {
      const kind = kindOf(event);
      const isColdStart = this.isFirst && process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] !== 'provisioned-concurrency';
      this.isFirst = false;
      const tracer = isOpenTelemetryRegistered() ? await this.tracer() : null;
      const running: RunningInvocation = { kind, event, context, within };
      if (tracer === null) return this.invoke(running, () => undefined);
      const route = kind === 'websocket' ? routeOf(event)?.slice(0, MAX_ROUTE_CHARACTERS) : undefined;
      const facts: InvocationFacts = {
        subject: route ?? kind,
        route,
        trigger: TRIGGERS[kind],
        requestId,
        isColdStart,
        xrayTrace: process.env['_X_AMZN_TRACE_ID'],
      };
      return tracer.run(facts, (overdue) => this.invoke(running, overdue));
    });
  }

  private async invoke(
    { kind, event, context, within }: RunningInvocation,
    overdue: TellOverdue,
  ): Promise<LambdaResponse> {
    if (kind === 'unknown') throw new UnknownInvocationError();
    const application = await this.application.start();
    if (kind === 'warm-up') return { warm: true };
    const work = (): Promise<LambdaResponse> => this.work(kind, event, application);
    const limits = { leftMs: timeLeftOf(context), reserveMs: this.options.reserveMs ?? RESERVE_MS };
    return within(() => withinLimits(application, event, limits, overdue, work));
  }

  private async work(
    kind: 'websocket' | 'shards' | 'cleanup',
    event: unknown,
    application: INestApplicationContext,
  ): Promise<LambdaResponse> {
    const manager = application.get(WebSocketManager, { strict: false });
    switch (kind) {
      case 'websocket':
        return manager.handle(event);
      case 'shards':
        return manager.handle(event as SqsEvent);
      case 'cleanup':
        return { ended: await manager.cleanup(this.options.cleanup) };
    }
  }

  private tellLogger(context: LambdaContext): void {
    try {
      this.options.logger?.addContext(context);
    } catch {
      // Lines without a request id are better than an event that is not handled.
    }
  }

  /** Loaded by the first event after an SDK was registered; `null` where the API of OpenTelemetry is not installed, which the application logs. */
  private tracer(): Promise<InvocationTracer | null> {
    return (this.loadingTracer ??= import('../telemetry/invocation.tracer.js')
      .then(({ InvocationTracer }) => InvocationTracer.load())
      .catch(() => null));
  }
}
