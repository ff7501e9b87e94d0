import type { EventPublisher } from '../events/event.publisher.js';
import { Log } from '../logging/log.js';
import type { FanOutObserver } from '../fanout/fan-out.observer.js';
import { CombinedObserver } from './combined.observer.js';
import { DeferredOpenTelemetryObserver } from './deferred-open-telemetry.observer.js';
import { DeliveryEvents } from './delivery.events.js';

/** Makes what observes broadcasts: `websocket.delivery.*` events, OpenTelemetry where an SDK is registered, and `others`. */
export async function createObserver(
  publisher: EventPublisher,
  log = new Log(),
  ...others: readonly FanOutObserver[]
): Promise<FanOutObserver> {
  const telemetry = new DeferredOpenTelemetryObserver(() => import('@opentelemetry/api'), log);
  await telemetry.prepare();
  return new CombinedObserver([new DeliveryEvents(publisher), telemetry, ...others]);
}
