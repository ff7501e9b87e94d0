import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import type { DeliveryReport } from '../contracts/delivery-report.js';
import { encodePayload } from '../protocol/payload.js';
import type { FanOutEngine, Recipients } from './fan-out.engine.js';

/** A map without a prototype: `__proto__` and `constructor` are names like any other. */
export function emptyMap<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}

/**
 * Sends data to connections and collects what became of it.
 *
 * Every method rejects with `PayloadTooLargeError` or `InvalidPayloadError` before anything is sent, and with `StoreUnavailableError` when
 * the store cannot tell where the recipients are.
 */
export class MessageSender {
  constructor(
    private readonly engine: FanOutEngine,
    private readonly maxPayloadBytes: number,
  ) {}

  /** Resolves whether the gateway took the message, by connection id. The map has no prototype. */
  async send(recipients: Recipients, data: unknown): Promise<Record<string, boolean>> {
    const results = emptyMap<boolean>();
    await this.deliver(recipients, data, (connectionId, { status }) => {
      results[connectionId] = status === 'delivered';
    });
    return results;
  }

  /** Resolves how many connections each outcome has, with the outcome of each connection when asked to. */
  async report(recipients: Recipients, data: unknown, withOutcomes: boolean): Promise<DeliveryReport> {
    const counts = { delivered: 0, gone: 0, throttled: 0, failed: 0 };
    const outcomes = emptyMap<DeliveryOutcome>();
    await this.deliver(recipients, data, (connectionId, outcome) => {
      const { status } = outcome;
      counts[status === 'too-large' || status === 'forbidden' ? 'failed' : status]++;
      if (withOutcomes) outcomes[connectionId] = outcome;
    });
    return withOutcomes ? { ...counts, outcomes } : counts;
  }

  private async deliver(
    recipients: Recipients,
    data: unknown,
    onOutcome: Parameters<FanOutEngine['deliver']>[2],
  ): Promise<void> {
    await this.engine.deliver(recipients, encodePayload(data, this.maxPayloadBytes), onOutcome);
  }
}
