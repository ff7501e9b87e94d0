import { FanOutObserver, type BroadcastObservation } from '../fanout/fan-out.observer.js';
import { Log } from '../logging/log.js';
import { isOpenTelemetryRegistered } from './open-telemetry.registered.js';
import { OpenTelemetryObserver, type OpenTelemetryApi } from './open-telemetry.observer.js';

/**
 * Observes with OpenTelemetry from when an SDK is registered. `@opentelemetry/api` takes some 20 ms to load, which a process without an
 * SDK does not spend; one with an SDK has it loaded already.
 */
export class DeferredOpenTelemetryObserver extends FanOutObserver {
  private observer: OpenTelemetryObserver | null = null;
  private loading: Promise<void> | null = null;

  /** @param load how to load `@opentelemetry/api` */
  constructor(
    private readonly load: () => Promise<OpenTelemetryApi>,
    private readonly log = new Log(),
  ) {
    super();
  }

  /** Resolves when it observes, at once where no SDK is registered yet: it looks again at each broadcast. */
  async prepare(): Promise<void> {
    if (isOpenTelemetryRegistered()) await (this.loading ??= this.start());
  }

  begin(broadcastId: () => string): BroadcastObservation | null {
    if (this.observer === null) void this.prepare();
    return this.observer?.begin(broadcastId) ?? null;
  }

  private async start(): Promise<void> {
    try {
      this.observer = new OpenTelemetryObserver(await this.load());
    } catch (error) {
      this.log.warn('open-telemetry.unavailable', 'OpenTelemetry is not used, for its API cannot be loaded.', {
        error,
      });
    }
  }
}
