import type { DeliveryOutcome } from './connection.transport.js';

/** What became of a message to many connections, in counts. */
export interface DeliveryReport {
  /** Connections that the gateway took the message for. */
  readonly delivered: number;
  /** Connections that no longer exist. They are forgotten by now, but for those that connected moments ago (`goneGracePeriodMs`). */
  readonly gone: number;
  /** Connections that answered "too many requests", or whose client reads too slowly. */
  readonly throttled: number;
  /** Connections that could not be reached for any other reason. They stay registered. */
  readonly failed: number;
  /** The outcome for each connection id; only when asked for with `{ outcomes: true }`. Has no prototype. */
  readonly outcomes?: Readonly<Record<string, DeliveryOutcome>>;
}
