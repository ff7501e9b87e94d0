import type { Clock } from '../contracts/clock.js';
import type { ConnectionStore, Recipient } from '../contracts/connection.store.js';
import type { AttemptLimits, DeliveryAttempt, OutgoingMessage } from '../contracts/connection.transport.js';
import type { LocalRecipients } from '../contracts/local.recipients.js';
import type { RequestBudget } from '../contracts/request.budget.js';
import type { DeliveryLanes } from './delivery.lanes.js';
import type { FanOutObserver } from './fan-out.observer.js';
import type { LoopPace } from './loop.pace.js';

/** What broadcasts share. */
export interface BroadcastTools {
  readonly store: ConnectionStore;
  /** The connections of this process; `null` where they are not kept apart from the store. */
  readonly local: () => LocalRecipients | null;
  readonly clock: Clock;
  readonly lanes: DeliveryLanes;
  readonly pace: LoopPace;
  readonly budget: RequestBudget | null;
  readonly observer: FanOutObserver | null;
  /** Tries once to deliver. */
  readonly attempt: (
    recipient: Recipient,
    message: OutgoingMessage,
    limits: AttemptLimits,
  ) => DeliveryAttempt | Promise<DeliveryAttempt>;
  /** Tells transports that no more recipients of a message follow for now. */
  readonly flush: (message: OutgoingMessage) => void;
  /** How long one message may take with all its attempts. */
  readonly deliveryTimeoutMs: number;
  readonly progressEveryMs: number;
}
