import type { EventPublisher } from '../events/event.publisher.js';
import type { FanOutObserver } from '../fanout/fan-out.observer.js';
import { CombinedObserver } from './combined.observer.js';
import { DeferredOpenTelemetryObserver } from './deferred-open-telemetry.observer.js';
import { DeliveryEvents } from './delivery.events.js';

/** Makes what observes broadcasts: `websocket.delivery.*` events, and OpenTelemetry where an SDK is registered. */
export async function createObserver(publisher: EventPublisher): Promise<FanOutObserver> {
  const telemetry = new DeferredOpenTelemetryObserver(() => import('@opentelemetry/api'));
  await telemetry.prepare();
  return new CombinedObserver([new DeliveryEvents(publisher), telemetry]);
}
