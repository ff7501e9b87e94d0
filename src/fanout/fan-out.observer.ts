import type { DeliveryStatus } from '../contracts/connection.transport.js';

/** How many recipients a message has met so far, by what became of it. */
export interface DeliveryCounts {
  readonly delivered: number;
  readonly gone: number;
  readonly throttled: number;
  readonly failed: number;
}

/** How far a broadcast is. */
export interface DeliveryProgress extends DeliveryCounts {
  /** The same for everything that is told of one broadcast. */
  readonly broadcastId: string;
  /** Recipients whose outcome is not known yet, of those that were looked up. */
  readonly inFlight: number;
  readonly elapsedMs: number;
}

/** How a broadcast ended. */
export interface DeliveryEnd extends DeliveryProgress {
  /** It was ended early, by its signal or its time limit. */
  readonly isAborted: boolean;
  /** What it failed with, such as a store that could not tell who the recipients are. */
  readonly error?: unknown;
}

/** Is told what becomes of one broadcast. Must not throw. */
export interface BroadcastObservation {
  /** @param latencyMs from the first attempt to the last answer */
  settled(status: DeliveryStatus, latencyMs: number): void;
  /** Called every `fanout.progressEveryMs` while the broadcast lasts. */
  progress(progress: DeliveryProgress): void;
  /** The broadcast ends when this has resolved. */
  ended(end: DeliveryEnd): Promise<void> | void;
}

/** Is told of every broadcast, to count and to trace. */
export abstract class FanOutObserver {
  /**
   * A broadcast begins; `null` where nobody wants to know of it.
   *
   * @param broadcastId tells its id, which is made when somebody asks for it
   */
  abstract begin(broadcastId: () => string): BroadcastObservation | null;
}
