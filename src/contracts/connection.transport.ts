/** What became of one message to one connection. `failed` covers timeouts, network errors and 5xx. */
export type DeliveryStatus = 'delivered' | 'gone' | 'throttled' | 'too-large' | 'forbidden' | 'failed';

/** A {@link DeliveryStatus} and, for anything but `delivered`, a word for logs and reports. Never contains the payload. */
export interface DeliveryOutcome {
  readonly status: DeliveryStatus;
  readonly reason?: string;
}

/** What became of one attempt to deliver. */
export interface DeliveryAttempt extends DeliveryOutcome {
  /** Another attempt, a little later, may fare better. @default false */
  readonly mayRetry?: boolean;
}

/** A message on its way, one object for all its recipients: a transport may keep with it what it works out once. */
export interface OutgoingMessage {
  /** UTF-8 text. */
  readonly payload: Uint8Array;
  /** Once aborted, what has not been sent is not sent any more, and what is under way is given up. */
  readonly signal?: AbortSignal;
}

/** The how-manieth attempt it is, from 1, and how long it may take, waiting for its turn included. */
export interface AttemptLimits {
  readonly attempt: number;
  readonly timeoutMs: number;
}

/** A connection as a transport addresses it. */
export interface DeliveryTarget {
  readonly connectionId: string;
  /** The endpoint that the connection lives on; one for which the transport's `serves` is true. */
  readonly endpoint: string;
}

/** How to close a connection. API Gateway takes neither field; its clients always see 1000. */
export interface CloseOptions {
  /** The WebSocket close code that the client sees: 1000, or 3000 to 4999. @default 1000 */
  readonly code?: number;
  /** A reason of at most 123 bytes of UTF-8 (RFC 6455 section 5.5). */
  readonly reason?: string;
}

/**
 * A way to reach connections. Failures are outcomes, never exceptions: one connection that cannot be reached says nothing
 * about the next.
 */
export abstract class ConnectionTransport {
  /** Whether connections on this endpoint are reached by this transport. */
  abstract serves(endpoint: string): boolean;

  /**
   * Where this process itself holds the connection's socket, `null` where it does not: a message there needs neither the store nor a wait, and `deliver`
   * knows its outcome at once.
   */
  holds?(connectionId: string): DeliveryTarget | null;

  /** Tries once to deliver a message. A transport that knows the outcome at once returns it without a promise. */
  abstract deliver(
    target: DeliveryTarget,
    message: OutgoingMessage,
    limits: AttemptLimits,
  ): DeliveryAttempt | Promise<DeliveryAttempt>;

  /**
   * Is told when, for now, no more recipients of a message follow: a transport that gathers deliveries to send them together sends what it has.
   */
  flush?(message: OutgoingMessage): void;

  /** Closes the connection. `delivered` means that it is closing. */
  abstract close(target: DeliveryTarget, options: CloseOptions): Promise<DeliveryOutcome>;

  /** Whether the connection is alive, `null` when this transport cannot tell without asking another machine. */
  abstract isAlive(target: DeliveryTarget): boolean | null;

  /** Asks the gateway whether the connection is alive; `null` when it gives no answer, which says nothing about the connection. */
  abstract ask(target: DeliveryTarget): Promise<boolean | null>;

  /** Releases sockets and clients that the transport opened. */
  async shutdown(): Promise<void> {}
}
