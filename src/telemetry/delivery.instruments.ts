import type { Attributes, Counter, Histogram, MeterProvider, UpDownCounter } from '@opentelemetry/api';
import type { DeliveryStatus } from '../contracts/connection.transport.js';
import { LATENCY_BOUNDS_MS } from './latency.histogram.js';

/** The instrumentation scope: under this name meters and tracers are asked for. */
export const SCOPE = 'nestjs-apigateway-websocket';

const OUTCOME = 'websocket.delivery.outcome';

/** One object for each outcome, for they are handed over with every message. */
const ATTRIBUTES: Readonly<Record<DeliveryStatus, Attributes>> = Object.freeze({
  delivered: { [OUTCOME]: 'delivered' },
  gone: { [OUTCOME]: 'gone' },
  throttled: { [OUTCOME]: 'throttled' },
  'too-large': { [OUTCOME]: 'too-large' },
  forbidden: { [OUTCOME]: 'forbidden' },
  failed: { [OUTCOME]: 'failed' },
});

/** The instruments of one meter provider. */
export class DeliveryInstruments {
  private readonly messages: Counter;
  private readonly duration: Histogram;
  private readonly activeMessages: UpDownCounter;

  constructor(readonly provider: MeterProvider) {
    const meter = provider.getMeter(SCOPE);
    this.messages = meter.createCounter('websocket.delivery.messages', {
      description: 'Messages to connections, by what became of them.',
      unit: '{message}',
    });
    this.duration = meter.createHistogram('websocket.delivery.duration', {
      description: 'From the first attempt to deliver a message to a connection to the last answer.',
      unit: 's',
      advice: { explicitBucketBoundaries: LATENCY_BOUNDS_MS.map((boundMs) => boundMs / 1_000) },
    });
    this.activeMessages = meter.createUpDownCounter('websocket.delivery.active_messages', {
      description: 'Messages on their way to connections, as of the last progress of each broadcast.',
      unit: '{message}',
    });
  }

  count(status: DeliveryStatus, messages: number): void {
    this.messages.add(messages, ATTRIBUTES[status]);
  }

  time(status: DeliveryStatus, latencyMs: number): void {
    this.duration.record(latencyMs / 1_000, ATTRIBUTES[status]);
  }

  changeActive(difference: number): void {
    if (difference !== 0) this.activeMessages.add(difference);
  }
}
