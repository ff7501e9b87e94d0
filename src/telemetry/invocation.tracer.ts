import type * as Api from '@opentelemetry/api';
import { inTime, SystemClock } from '../contracts/clock.js';
import { SCOPE } from './delivery.instruments.js';

/** The part of `@opentelemetry/api` that is used. */
export type TracingApi = Pick<
  typeof Api,
  'context' | 'defaultTextMapGetter' | 'propagation' | 'SpanKind' | 'SpanStatusCode' | 'trace'
>;

/** What is told of an invocation: no payload, no connection, nothing that a client wrote. */
export interface InvocationFacts {
  /** The route key of an event, otherwise what the invocation is for. */
  readonly subject: string;
  /** The route key, where there is one. */
  readonly route: string | undefined;
  /** By OpenTelemetry's conventions for functions. */
  readonly trigger: 'http' | 'pubsub' | 'timer' | 'other';
  readonly requestId: string | undefined;
  readonly isColdStart: boolean;
  /** What Lambda hands over of X-Ray's trace, as in the header `X-Amzn-Trace-Id`. */
  readonly xrayTrace: string | undefined;
}

/** Ends the span of an invocation, with what it came to: called once it is known not to end in time. */
export type TellOverdue = () => void;

/** How X-Ray's propagator asks for its header. */
const XRAY_HEADER = 'x-amzn-trace-id';

/** How long an answer waits at most for what traces it to be exported. */
const FLUSH_MS = 250;

interface Traced {
  readonly span: Api.Span;
  readonly context: Api.Context;
  /** Whether something around this one has begun the trace, and ends it. */
  readonly isInside: boolean;
}

/** Traces each invocation as one span, of which whatever is traced while it is worked on is a part. Nothing that fails in here fails an invocation. */
export class InvocationTracer {
  /** @throws what keeps `@opentelemetry/api` from being loaded */
  static async load(): Promise<InvocationTracer> {
    return new InvocationTracer(await import('@opentelemetry/api'));
  }

  constructor(private readonly api: TracingApi) {}

  async run<Result>(facts: InvocationFacts, work: (overdue: TellOverdue) => Promise<Result>): Promise<Result> {
    const traced = this.begin(facts);
    if (traced === null) return work(() => undefined);
    const overdue = (): void => {
      this.end(traced.span, 'timeout');
      void this.flush(traced);
    };
    try {
      const answer = await this.api.context.with(traced.context, () => work(overdue));
      const status = statusOf(answer);
      this.end(traced.span, status !== null && status >= 500 ? String(status) : null, status);
      return answer;
    } catch (error) {
      // Its name only: what an error says may quote an address or a name.
      this.end(traced.span, error instanceof Error ? error.name : '_OTHER');
      throw error;
    } finally {
      await this.flush(traced);
    }
  }

  private begin(facts: InvocationFacts): Traced | null {
    const { context, SpanKind, trace } = this.api;
    try {
      const active = context.active();
      // A layer may have begun the trace of the invocation.
      const isInside = trace.getSpan(active) !== undefined;
      const parent = isInside ? active : this.fromXray(active, facts.xrayTrace);
      const span = trace.getTracer(SCOPE).startSpan(
        `websocket ${facts.subject}`,
        {
          kind: isInside ? SpanKind.INTERNAL : SpanKind.SERVER,
          attributes: {
            'faas.trigger': facts.trigger,
            'faas.coldstart': facts.isColdStart,
            ...(facts.requestId !== undefined && { 'faas.invocation_id': facts.requestId }),
            ...(facts.route !== undefined && { 'websocket.route': facts.route }),
          },
        },
        parent,
      );
      return { span, context: trace.setSpan(parent, span), isInside };
    } catch {
      return null;
    }
  }

  private fromXray(active: Api.Context, xrayTrace: string | undefined): Api.Context {
    if (xrayTrace === undefined) return active;
    return this.api.propagation.extract(active, { [XRAY_HEADER]: xrayTrace }, this.api.defaultTextMapGetter);
  }

  /** Lambda freezes the process once it has the answer, with whatever waits in it to be exported. What wraps the handler does this itself. */
  private async flush({ isInside }: Traced): Promise<void> {
    if (isInside) return;
    try {
      const provider: Api.TracerProvider & Provider = this.api.trace.getTracerProvider();
      const flushing = (provider.getDelegate?.() ?? provider).forceFlush?.();
      if (flushing !== undefined) await inTime(new SystemClock(), FLUSH_MS, flushing);
    } catch {
      // An exporter that fails: the application's to log.
    }
  }

  private end(span: Api.Span, errorType: string | null, status: number | null = null): void {
    try {
      if (!span.isRecording()) return;
      if (status !== null) span.setAttribute('http.response.status_code', status);
      if (errorType !== null) {
        span.setAttribute('error.type', errorType);
        span.setStatus({ code: this.api.SpanStatusCode.ERROR });
      }
      span.end();
    } catch {
      // A processor of the application's that fails.
    }
  }
}

/** What an SDK's provider has, and the API's does not. */
interface Provider {
  getDelegate?(): Provider;
  forceFlush?(): Promise<void>;
}

function statusOf(answer: unknown): number | null {
  const status = (answer as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}
