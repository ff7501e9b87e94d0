import type { DeliveryStatus } from '../contracts/connection.transport.js';
import { FanOutObserver, type BroadcastObservation } from '../fanout/fan-out.observer.js';
import { LatencyHistogram } from './latency.histogram.js';
import { SERVER_BOUNDS_MS } from './metric.labels.js';

const histogram = (): LatencyHistogram => new LatencyHistogram(SERVER_BOUNDS_MS);

/** Counts and times the messages that the application sends, all broadcasts together. */
export class DeliveryTally extends FanOutObserver implements BroadcastObservation {
  readonly outcomes: Readonly<Record<DeliveryStatus, LatencyHistogram>> = Object.freeze({
    delivered: histogram(),
    gone: histogram(),
    throttled: histogram(),
    'too-large': histogram(),
    forbidden: histogram(),
    failed: histogram(),
  });

  begin(): BroadcastObservation {
    return this;
  }

  settled(status: DeliveryStatus, latencyMs: number): void {
    this.outcomes[status].record(Math.max(0, latencyMs));
  }

  progress(): void {
    // What is under way is not counted.
  }

  ended(): void {
    // Every outcome has been counted by now.
  }
}
