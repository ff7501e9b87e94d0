import type { GatewayObserver } from '../contracts/gateway.observer.js';
import type { EventPublisher } from '../events/event.publisher.js';
import type { FanOutObserver } from '../fanout/fan-out.observer.js';
import type { Log } from '../logging/log.js';
import type { ResolvedMetricsOptions } from '../options/metrics.options-resolver.js';
import { CombinedGatewayObserver } from './combined-gateway.observer.js';
import { DeliveryTally } from './delivery.tally.js';
import { GatewayLines } from './gateway.lines.js';
import { GatewayTally } from './gateway.tally.js';
import { createObserver } from './observer.factory.js';
import { MetricsRegistration } from './prometheus.registration.js';

/** Who is told of what an application does. */
export class Telemetry {
  constructor(
    /** Of the messages that it sends. */
    readonly deliveries: FanOutObserver,
    /** Of its embedded gateway; `null` when nobody wants to know. */
    readonly gateway: GatewayObserver | null,
    private readonly metrics: MetricsRegistration | null,
  ) {}

  /** @throws InvalidOptionsError when the metrics cannot be registered */
  static async create(metrics: ResolvedMetricsOptions | null, publisher: EventPublisher, log: Log): Promise<Telemetry> {
    const lines = log.isDebugging ? new GatewayLines(log) : null;
    if (metrics === null) return new Telemetry(await createObserver(publisher, log), lines, null);
    const tallies = { gateway: new GatewayTally(), deliveries: new DeliveryTally() };
    const registration = await MetricsRegistration.prepare(metrics, tallies);
    const gateway = lines === null ? tallies.gateway : new CombinedGatewayObserver(tallies.gateway, lines);
    return new Telemetry(await createObserver(publisher, log, tallies.deliveries), gateway, registration);
  }

  /**
   * Puts the metrics into their registry.
   *
   * @throws InvalidOptionsError when their names are taken
   */
  open(): void {
    this.metrics?.register();
  }

  /** Takes the metrics out of their registry. */
  close(): void {
    this.metrics?.remove();
  }
}
