import { monotonicNow, type CancelTask } from '../contracts/clock.js';
import type { Recipient } from '../contracts/connection.store.js';
import type { AttemptLimits, DeliveryAttempt, OutgoingMessage } from '../contracts/connection.transport.js';
import type { BroadcastTools } from './broadcast.tools.js';
import type { LaneTicket } from './delivery.lanes.js';
import { retryDelayMs } from './retry.policy.js';
import { LOCAL_SCHEME } from './transport.router.js';

/** One message on its way to one connection. */
export interface Delivery {
  readonly recipient: Recipient;
  readonly ticket: LaneTicket;
  readonly startedAt: number;
  attempts: number;
  /** Set while it waits: for its turn, or for its next attempt. */
  cancelWaiting: CancelTask | null;
}

/** Told of deliveries. */
export interface DeliveryListener {
  /** A delivery has ended. */
  finished(delivery: Delivery, outcome: DeliveryAttempt): void;
  /** Something ended or went on: there may be room for more. */
  moved(): void;
}

/** Deliveries handed to transports and not answered: more than any of them has under way, so that none runs dry while a page is read. */
const MAX_UNDER_WAY = 2_048;
const RESUME_AT = 1_792;

/** Deliveries that wait for their turn or their next attempt. More than a page holds, for those of a page may wait for one another. */
const MAX_WAITING = 10_000;

const BROKEN_TRANSPORT: DeliveryAttempt = Object.freeze({ status: 'failed', reason: 'transport-error' });
const TIMED_OUT: DeliveryAttempt = Object.freeze({ status: 'failed', reason: 'TimeoutError' });

/** What becomes of a message that was given up before it was sent. */
export const ABORTED: DeliveryAttempt = Object.freeze({ status: 'failed', reason: 'aborted' });

/** The deliveries of one broadcast that are on their way: their attempts, and what they wait for. */
export class Deliveries {
  private readonly waiting = new Set<Delivery>();
  private readonly firstLimits: AttemptLimits;
  private underWay = 0;
  private isFlushing = false;

  constructor(
    private readonly tools: BroadcastTools,
    private readonly message: OutgoingMessage,
    private readonly listener: DeliveryListener,
  ) {
    this.firstLimits = { attempt: 1, timeoutMs: tools.deliveryTimeoutMs };
  }

  get count(): number {
    return this.underWay + this.waiting.size;
  }

  /** Whether none more may be started now. */
  get isFull(): boolean {
    return this.underWay >= MAX_UNDER_WAY || this.waiting.size >= MAX_WAITING;
  }

  /** Whether it is worth starting more after it was full. */
  get hasRoom(): boolean {
    return this.underWay <= RESUME_AT && this.waiting.size < MAX_WAITING;
  }

  get isAborted(): boolean {
    return this.message.signal?.aborted === true;
  }

  /** Waits for the request budget, which is about requests to AWS; `undefined` where there is nothing to wait for. */
  turn({ endpoint }: Recipient): Promise<void> | undefined {
    return endpoint?.startsWith(LOCAL_SCHEME) === true ? undefined : this.tools.budget?.take(this.message.signal);
  }

  /** Starts a delivery as soon as it is first in its lane. */
  start(recipient: Recipient, ticket: LaneTicket): void {
    const delivery = this.deliveryOf(recipient, ticket);
    if (ticket.isFirst || this.isAborted) {
      this.tryOnce(delivery);
      return;
    }
    ticket.whenFirst = () => {
      if (!this.stopWaiting(delivery)) return;
      this.tryOnce(delivery);
      this.flushSoon();
    };
    this.wait(delivery, this.tools.deliveryTimeoutMs, () => this.listener.finished(delivery, TIMED_OUT));
  }

  /** The short way to a connection that nobody is in front of: the outcome where the transport knows it at once, which leaves no trace here. */
  startFirst(recipient: Recipient): DeliveryAttempt | null {
    if (this.isAborted) return ABORTED;
    const outcome = this.attempt(recipient, this.firstLimits);
    if (!(outcome instanceof Promise) && outcome.mayRetry !== true) return outcome;
    const delivery = this.deliveryOf(recipient, this.tools.lanes.enter(recipient.connectionId));
    delivery.attempts = 1;
    this.follow(delivery, outcome);
    return null;
  }

  /** Ends those that wait, when the broadcast is aborted. */
  giveUpWaiting(): void {
    for (const delivery of [...this.waiting]) {
      if (this.stopWaiting(delivery)) this.listener.finished(delivery, ABORTED);
    }
  }

  private deliveryOf(recipient: Recipient, ticket: LaneTicket): Delivery {
    return { recipient, ticket, startedAt: monotonicNow(this.tools.clock), attempts: 0, cancelWaiting: null };
  }

  private tryOnce(delivery: Delivery): void {
    if (this.isAborted) {
      this.listener.finished(delivery, ABORTED);
      return;
    }
    delivery.attempts++;
    const isFresh = delivery.attempts === 1 && delivery.ticket.whenFirst === null;
    const limits = isFresh
      ? this.firstLimits
      : { attempt: delivery.attempts, timeoutMs: Math.max(1, this.remainingMs(delivery)) };
    this.follow(delivery, this.attempt(delivery.recipient, limits));
  }

  private follow(delivery: Delivery, outcome: DeliveryAttempt | Promise<DeliveryAttempt>): void {
    if (!(outcome instanceof Promise)) {
      this.answered(delivery, outcome);
      return;
    }
    this.underWay++;
    const arrived = (answer: DeliveryAttempt): void => {
      this.underWay--;
      this.answered(delivery, answer);
      this.listener.moved();
    };
    outcome.then(arrived, () => arrived(BROKEN_TRANSPORT));
  }

  private attempt(recipient: Recipient, limits: AttemptLimits): DeliveryAttempt | Promise<DeliveryAttempt> {
    try {
      return this.tools.attempt(recipient, this.message, limits);
    } catch {
      return BROKEN_TRANSPORT;
    }
  }

  private answered(delivery: Delivery, outcome: DeliveryAttempt): void {
    if (outcome.mayRetry === true && !this.isAborted) {
      const delayMs = retryDelayMs(outcome, delivery.attempts, this.remainingMs(delivery));
      if (delayMs !== null) {
        this.wait(delivery, delayMs, () => void this.tryAgain(delivery, outcome));
        return;
      }
    }
    this.listener.finished(delivery, outcome);
  }

  private async tryAgain(delivery: Delivery, last: DeliveryAttempt): Promise<void> {
    // Counted as under way while it waits for the budget, or the broadcast might take itself for done.
    this.underWay++;
    await this.turn(delivery.recipient)?.catch(() => undefined);
    this.underWay--;
    // That may have taken all the time there was.
    if (this.remainingMs(delivery) <= 0 && !this.isAborted) {
      this.listener.finished(delivery, last);
      return;
    }
    this.tryOnce(delivery);
    this.tools.flush(this.message);
  }

  /** One answer of a node makes many the first in their lanes: what goes to them then goes together. */
  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(() => {
      this.isFlushing = false;
      this.tools.flush(this.message);
    });
  }

  private wait(delivery: Delivery, delayMs: number, then: () => void): void {
    this.waiting.add(delivery);
    delivery.cancelWaiting = this.tools.clock.after(delayMs, () => {
      if (this.stopWaiting(delivery)) then();
      this.listener.moved();
    });
  }

  /** Whether it was waiting. */
  private stopWaiting(delivery: Delivery): boolean {
    delivery.cancelWaiting?.();
    delivery.cancelWaiting = null;
    return this.waiting.delete(delivery);
  }

  private remainingMs({ startedAt }: Delivery): number {
    return startedAt + this.tools.deliveryTimeoutMs - monotonicNow(this.tools.clock);
  }
}
