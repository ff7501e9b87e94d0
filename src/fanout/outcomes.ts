import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import type { DeliveryReport } from '../contracts/delivery-report.js';
import type { OutcomeListener } from './fan-out.engine.js';

/** A map without a prototype: `__proto__` and `constructor` are names like any other. */
export function emptyMap<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}

/** Collects `{ [connectionId]: delivered }`, the result of the sends that laravel-bref/websocket has. */
export function collectResults(): { readonly results: Record<string, boolean>; readonly listener: OutcomeListener } {
  const results = emptyMap<boolean>();
  return { results, listener: (connectionId, { status }) => void (results[connectionId] = status === 'delivered') };
}

/** Collects a {@link DeliveryReport}, with the outcome of each connection when asked to. */
export function collectReport(withOutcomes: boolean): {
  readonly report: () => DeliveryReport;
  readonly listener: OutcomeListener;
} {
  const counts = { delivered: 0, gone: 0, throttled: 0, failed: 0 };
  const outcomes = emptyMap<DeliveryOutcome>();
  return {
    report: () => (withOutcomes ? { ...counts, outcomes } : { ...counts }),
    listener: (connectionId, outcome) => {
      const { status } = outcome;
      counts[status === 'too-large' || status === 'forbidden' ? 'failed' : status]++;
      if (withOutcomes) outcomes[connectionId] = outcome;
    },
  };
}
