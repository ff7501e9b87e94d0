import type * as Api from '@opentelemetry/api';
import type { DeliveryStatus } from '../contracts/connection.transport.js';
import {
  FanOutObserver,
  type BroadcastObservation,
  type DeliveryEnd,
  type DeliveryProgress,
} from '../fanout/fan-out.observer.js';
import { DeliveryInstruments, SCOPE } from './delivery.instruments.js';

/** The part of `@opentelemetry/api` that is used. */
export type OpenTelemetryApi = Pick<
  typeof Api,
  'createNoopMeter' | 'metrics' | 'SpanKind' | 'SpanStatusCode' | 'trace'
>;

/**
 * Counts and times messages, and traces each broadcast as one span, with whatever OpenTelemetry SDK the application registers, before
 * or after it starts. Neither payloads nor ids of connections are recorded. Observes nothing while there is no SDK.
 */
export class OpenTelemetryObserver extends FanOutObserver {
  private latest: DeliveryInstruments | null = null;

  constructor(private readonly api: OpenTelemetryApi) {
    super();
  }

  begin(broadcastId: () => string): BroadcastObservation | null {
    const { SpanKind, SpanStatusCode, trace } = this.api;
    const span = trace.getTracer(SCOPE).startSpan('send websocket', {
      kind: SpanKind.CLIENT,
      attributes: { 'websocket.broadcast.id': broadcastId() },
    });
    const instruments = this.instruments();
    if (!span.isRecording() && instruments === null) return null;
    return new TracedDelivery(span, instruments, SpanStatusCode.ERROR);
  }

  /** Meters do not change with the SDK as tracers do, so each broadcast asks which provider there is; `null` for the one that drops all. */
  private instruments(): DeliveryInstruments | null {
    const provider = this.api.metrics.getMeterProvider();
    if (this.latest?.provider === provider) return this.latest;
    if (provider.getMeter(SCOPE) === this.api.createNoopMeter()) return null;
    return (this.latest = new DeliveryInstruments(provider));
  }
}

class TracedDelivery implements BroadcastObservation {
  /** Outcomes that the counter does not know of yet. */
  private readonly pending: Partial<Record<DeliveryStatus, number>> = {};
  private active = 0;

  constructor(
    private readonly span: Api.Span,
    private readonly instruments: DeliveryInstruments | null,
    private readonly errorCode: Api.SpanStatusCode,
  ) {}

  settled(status: DeliveryStatus, latencyMs: number): void {
    if (this.instruments === null) return;
    this.pending[status] = (this.pending[status] ?? 0) + 1;
    this.instruments.time(status, latencyMs);
  }

  progress({ inFlight }: DeliveryProgress): void {
    this.count(inFlight);
  }

  ended(end: DeliveryEnd): void {
    this.count(0);
    const { span } = this;
    const { delivered, gone, throttled, failed, isAborted, error } = end;
    span.setAttributes({
      'websocket.delivery.recipients': delivered + gone + throttled + failed + end.inFlight,
      'websocket.delivery.delivered': delivered,
      'websocket.delivery.gone': gone,
      'websocket.delivery.throttled': throttled,
      'websocket.delivery.failed': failed,
      'websocket.delivery.aborted': isAborted,
    });
    if (error !== undefined) {
      // Its name only: what an error says may quote an address or a name.
      span.setAttribute('error.type', error instanceof Error ? error.name : '_OTHER');
      span.setStatus({ code: this.errorCode });
    }
    span.end();
  }

  private count(inFlight: number): void {
    for (const [status, messages] of Object.entries(this.pending) as [DeliveryStatus, number][]) {
      if (messages > 0) this.instruments?.count(status, messages);
      this.pending[status] = 0;
    }
    this.instruments?.changeActive(inFlight - this.active);
    this.active = inFlight;
  }
}
