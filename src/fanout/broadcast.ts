import { randomUUID } from 'node:crypto';
import type { CancelTask } from '../contracts/clock.js';
import type { Recipient } from '../contracts/connection.store.js';
import type {
  AttemptLimits,
  DeliveryAttempt,
  DeliveryOutcome,
  OutgoingMessage,
} from '../contracts/connection.transport.js';
import { isIds, type BroadcastRequest } from './broadcast.request.js';
import type { BroadcastTools } from './broadcast.tools.js';
import { COUNTED_AS, noDeliveries } from './delivery.counts.js';
import type { LaneTicket } from './delivery.lanes.js';
import type { BroadcastObservation, DeliveryProgress } from './fan-out.observer.js';
import type { GonePruner } from './gone.pruner.js';
import { IdSet } from './id-set.js';
import { tellEvery } from './progress.ticker.js';
import { retryDelayMs } from './retry.policy.js';
import { LOCAL_SCHEME } from './transport.router.js';

/** One message on its way to one connection. */
interface Delivery {
  readonly recipient: Recipient;
  readonly ticket: LaneTicket;
  readonly startedAt: number;
  attempts: number;
  /** Set while it waits: for its turn, or for its next attempt. */
  cancelWaiting: CancelTask | null;
}

/** Deliveries handed to transports and not answered: more than any of them has under way, so that none runs dry while a page is read. */
const MAX_UNDER_WAY = 2_048;
const RESUME_AT = 1_792;

/** Deliveries that wait for their turn or their next attempt. More than a page holds, for those of a page may wait for one another. */
const MAX_WAITING = 10_000;

const UNKNOWN: DeliveryOutcome = Object.freeze({ status: 'gone', reason: 'unknown-connection' });
const BROKEN_TRANSPORT: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'transport-error' });
const ABORTED: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'aborted' });
const TIMED_OUT: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'TimeoutError' });

/** One message to any number of connections, from the first page of recipients to the last answer. */
export class Broadcast {
  private readonly counts = noDeliveries();
  private readonly seen = new IdSet();
  private readonly waiting = new Set<Delivery>();
  private readonly message: OutgoingMessage;
  private readonly firstLimits: AttemptLimits;
  private readonly broadcastId = randomUUID();
  private readonly startedAt: number;
  private readonly observation: BroadcastObservation | null;
  private underWay = 0;
  private isDraining = false;
  private wake: (() => void) | null = null;

  constructor(
    private readonly tools: BroadcastTools,
    private readonly pruner: GonePruner,
    private readonly request: BroadcastRequest,
  ) {
    const { payload, signal } = request;
    this.message = signal === undefined ? { payload } : { payload, signal };
    this.firstLimits = { attempt: 1, timeoutMs: tools.deliveryTimeoutMs };
    this.startedAt = tools.clock.now();
    this.observation = tools.observer?.begin(this.broadcastId) ?? null;
  }

  get isAborted(): boolean {
    return this.request.signal?.aborted === true;
  }

  /** @throws what the pages of recipients or the store threw, after what was under way has ended */
  async run(): Promise<void> {
    const { signal } = this.request;
    const onAbort = (): void => this.giveUpWaiting();
    signal?.addEventListener('abort', onAbort);
    const stopTelling = this.tellProgress();
    let failure: { readonly error: unknown } | null = null;
    try {
      await this.sendToPages();
    } catch (error) {
      failure = { error };
    }
    await this.drained();
    await this.pruner.done();
    signal?.removeEventListener('abort', onAbort);
    stopTelling();
    await this.observation?.ended({ ...this.progress(), isAborted: this.isAborted, ...failure });
    if (failure !== null) throw failure.error;
  }

  private async sendToPages(): Promise<void> {
    const { recipients } = this.request;
    // Those that stand in a list are told what became of them; of a store no more is asked than is needed.
    const isAsked = Symbol.asyncIterator in recipients;
    for await (const page of recipients) {
      if (isAsked && this.isAborted) return;
      if (isIds(page)) await this.sendToIds(page);
      else await this.sendToRecipients(page);
    }
  }

  private async sendToIds(page: readonly string[]): Promise<void> {
    const fresh = page.filter((connectionId) => this.seen.add(connectionId));
    // Queued before they are looked up: of two sends that do so at once, the later one may get its answer first.
    const tickets = fresh.map((connectionId) => this.tools.lanes.enter(connectionId));
    let next = 0;
    try {
      const connections = this.isAborted ? [] : await this.tools.store.findMany(fresh);
      for (; next < tickets.length; next++) {
        const ticket = tickets[next] as LaneTicket;
        const connection = connections[next];
        if (connection !== undefined && connection !== null) await this.send(connection, ticket);
        else {
          this.tools.lanes.leave(ticket);
          this.settle(ticket.connectionId, this.isAborted ? ABORTED : UNKNOWN, 0);
        }
      }
    } finally {
      for (const ticket of tickets.slice(next)) this.tools.lanes.leave(ticket);
    }
  }

  private async sendToRecipients(page: readonly Recipient[]): Promise<void> {
    for (const recipient of page) {
      const { connectionId } = recipient;
      if (!this.seen.add(connectionId)) continue;
      const sending = this.send(recipient, this.tools.lanes.enter(connectionId));
      if (sending !== undefined) await sending;
    }
  }

  /** Starts a delivery; resolves when the next one may start, `undefined` where that is now. */
  private send(recipient: Recipient, ticket: LaneTicket): Promise<void> | undefined {
    const wait = this.room(recipient);
    if (wait === undefined) {
      this.start(recipient, ticket);
      return undefined;
    }
    const start = (): void => this.start(recipient, ticket);
    // However the wait ended: whether it was given up shows in the signal.
    return wait.then(start, start);
  }

  private room(recipient: Recipient): Promise<void> | undefined {
    if (this.isAborted) return undefined;
    const isFull = this.underWay >= MAX_UNDER_WAY || this.waiting.size >= MAX_WAITING;
    if (isFull) return new Promise<void>((resolve) => (this.wake = resolve)).then(() => this.room(recipient));
    if (this.pruner.isFull) return this.pruner.relieved().then(() => this.room(recipient));
    return this.turn(recipient);
  }

  /** Waits for the request budget, which is about requests to AWS. */
  private turn({ endpoint }: Recipient): Promise<void> | undefined {
    return endpoint?.startsWith(LOCAL_SCHEME) === true ? undefined : this.tools.budget?.take(this.request.signal);
  }

  private start(recipient: Recipient, ticket: LaneTicket): void {
    const delivery = { recipient, ticket, startedAt: this.tools.clock.now(), attempts: 0, cancelWaiting: null };
    if (ticket.isFirst || this.isAborted) {
      this.tryOnce(delivery);
      return;
    }
    ticket.whenFirst = () => {
      if (this.stopWaiting(delivery)) this.tryOnce(delivery);
    };
    this.wait(delivery, this.tools.deliveryTimeoutMs, () => this.finish(delivery, TIMED_OUT));
  }

  private tryOnce(delivery: Delivery): void {
    if (this.isAborted) {
      this.finish(delivery, ABORTED);
      return;
    }
    delivery.attempts++;
    const isFresh = delivery.attempts === 1 && delivery.ticket.whenFirst === null;
    const limits = isFresh
      ? this.firstLimits
      : { attempt: delivery.attempts, timeoutMs: Math.max(1, this.remainingMs(delivery)) };
    const outcome = this.attempt(delivery.recipient, limits);
    if (!(outcome instanceof Promise)) {
      this.answered(delivery, outcome);
      return;
    }
    this.underWay++;
    const arrived = (answer: DeliveryAttempt): void => {
      this.underWay--;
      this.answered(delivery, answer);
      this.wakeUp();
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
    this.finish(delivery, outcome);
  }

  private async tryAgain(delivery: Delivery, last: DeliveryAttempt): Promise<void> {
    // Counted as under way while it waits for the budget, or the broadcast might take itself for done.
    this.underWay++;
    await this.turn(delivery.recipient)?.catch(() => undefined);
    this.underWay--;
    // That may have taken all the time there was.
    if (this.remainingMs(delivery) > 0 || this.isAborted) this.tryOnce(delivery);
    else this.finish(delivery, last);
  }

  private finish({ recipient, ticket, startedAt }: Delivery, attempt: DeliveryAttempt): void {
    this.tools.lanes.leave(ticket);
    if (attempt.status === 'gone') this.pruner.add(recipient);
    const latencyMs = this.observation === null ? 0 : this.tools.clock.now() - startedAt;
    this.settle(recipient.connectionId, outcomeOf(attempt), latencyMs);
    this.wakeUp();
  }

  private settle(connectionId: string, outcome: DeliveryOutcome, latencyMs: number): void {
    this.counts[COUNTED_AS[outcome.status]]++;
    this.observation?.settled(outcome.status, latencyMs);
    this.request.onOutcome(connectionId, outcome);
  }

  private wait(delivery: Delivery, delayMs: number, then: () => void): void {
    this.waiting.add(delivery);
    delivery.cancelWaiting = this.tools.clock.after(delayMs, () => {
      if (this.stopWaiting(delivery)) then();
      this.wakeUp();
    });
  }

  /** Whether it was waiting. */
  private stopWaiting(delivery: Delivery): boolean {
    delivery.cancelWaiting?.();
    delivery.cancelWaiting = null;
    return this.waiting.delete(delivery);
  }

  private giveUpWaiting(): void {
    for (const delivery of [...this.waiting]) if (this.stopWaiting(delivery)) this.finish(delivery, ABORTED);
  }

  private wakeUp(): void {
    if (this.wake === null) return;
    const isIdle = this.underWay === 0 && this.waiting.size === 0;
    const hasRoom = this.underWay <= RESUME_AT && this.waiting.size < MAX_WAITING;
    if (this.isDraining ? !isIdle : !(isIdle || hasRoom)) return;
    const { wake } = this;
    this.wake = null;
    wake();
  }

  private async drained(): Promise<void> {
    this.isDraining = true;
    while (this.underWay > 0 || this.waiting.size > 0) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private remainingMs({ startedAt }: Delivery): number {
    return startedAt + this.tools.deliveryTimeoutMs - this.tools.clock.now();
  }

  private progress(): DeliveryProgress {
    const { broadcastId, counts, underWay, waiting } = this;
    const elapsedMs = this.tools.clock.now() - this.startedAt;
    return { broadcastId, ...counts, inFlight: underWay + waiting.size, elapsedMs };
  }

  /** Tells how far it is, again and again. @returns what ends that */
  private tellProgress(): CancelTask {
    const { onProgress } = this.request;
    if (onProgress === undefined && this.observation === null) return () => undefined;
    return tellEvery(this.tools.clock, this.tools.progressEveryMs, () => {
      const progress = this.progress();
      this.observation?.progress(progress);
      onProgress?.(progress);
    });
  }
}

/** What applications are told: not what only the engine needs to know. */
function outcomeOf(attempt: DeliveryAttempt): DeliveryOutcome {
  const { status, reason, mayRetry } = attempt;
  if (mayRetry === undefined) return attempt;
  return reason === undefined ? { status } : { status, reason };
}
