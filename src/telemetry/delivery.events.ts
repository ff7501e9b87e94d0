import type { DeliveryStatus } from '../contracts/connection.transport.js';
import type { EventPublisher } from '../events/event.publisher.js';
import { WebSocketEvents, type DeliveryProgressEvent } from '../events/websocket-events.js';
import {
  FanOutObserver,
  type BroadcastObservation,
  type DeliveryEnd,
  type DeliveryProgress,
} from '../fanout/fan-out.observer.js';
import { LatencyHistogram } from './latency.histogram.js';

/** Tells the listeners of `websocket.delivery.*` about every message that is sent. Observes nothing while there are none. */
export class DeliveryEvents extends FanOutObserver {
  constructor(private readonly publisher: EventPublisher) {
    super();
  }

  begin(): BroadcastObservation | null {
    const { publisher } = this;
    const isListenedTo =
      publisher.hasListeners(WebSocketEvents.DeliveryCompleted) ||
      publisher.hasListeners(WebSocketEvents.DeliveryProgress);
    return isListenedTo ? new ObservedDelivery(publisher) : null;
  }
}

class ObservedDelivery implements BroadcastObservation {
  private readonly latencies = new LatencyHistogram();
  /** Ends when the listeners of the last progress event have. */
  private telling: Promise<void> | null = null;

  constructor(private readonly publisher: EventPublisher) {}

  settled(_status: DeliveryStatus, latencyMs: number): void {
    this.latencies.record(latencyMs);
  }

  /** While listeners are busy with one event the next is left out: they are told how far it is, not every step. */
  progress(progress: DeliveryProgress): void {
    if (this.telling !== null || !this.publisher.hasListeners(WebSocketEvents.DeliveryProgress)) return;
    this.telling = this.publisher
      .notify(WebSocketEvents.DeliveryProgress, this.describe(progress))
      .finally(() => (this.telling = null));
  }

  async ended(end: DeliveryEnd): Promise<void> {
    // Nothing is left running when the call returns, and no progress is told of what has ended.
    await this.telling;
    const { isAborted, error } = end;
    await this.publisher.notify(WebSocketEvents.DeliveryCompleted, {
      ...this.describe(end),
      isAborted,
      ...(error === undefined ? {} : { error }),
    });
  }

  private describe(progress: DeliveryProgress): DeliveryProgressEvent {
    const { broadcastId, delivered, gone, throttled, failed, inFlight, elapsedMs } = progress;
    return {
      broadcastId,
      recipients: delivered + gone + throttled + failed + inFlight,
      delivered,
      gone,
      throttled,
      failed,
      inFlight,
      durationMs: elapsedMs,
      latency: this.latencies.snapshot(),
    };
  }
}
