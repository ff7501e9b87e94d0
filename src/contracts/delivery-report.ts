import type { DeliveryOutcome } from './connection.transport.js';

/** A broadcast that workers send, by a queue. */
export interface HandedOver {
  /** Ask for its report with this. */
  readonly broadcastId: string;
  readonly recipients: number;
  /** How many pieces of work it was cut into. */
  readonly shards: number;
}

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
  /** It was ended early, by `signal` or `timeoutMs`. What had been looked up and was not sent counts as `failed`; nothing else was looked up. */
  readonly aborted?: true;
  /**
   * The store was down: of those selected only the connections of this process were reached and counted, with those that were named by their id. Only on a node
   * of a cluster; elsewhere such a call rejects.
   */
  readonly partial?: true;
  /** The outcome for each connection id; only when asked for with `{ outcomes: true }`. Has no prototype. */
  readonly outcomes?: Readonly<Record<string, DeliveryOutcome>>;
  /**
   * Set where the message went into the queue of `fanout.offload`, for workers to send. The counts above are then of those only whom the queue
   * did not take, all under `failed`; what becomes of the others is in the report of the broadcast.
   */
  readonly handedOver?: HandedOver;
}
