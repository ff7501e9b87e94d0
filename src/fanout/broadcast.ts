import { randomUUID } from 'node:crypto';
import { monotonicNow, type CancelTask } from '../contracts/clock.js';
import type { Recipient } from '../contracts/connection.store.js';
import type { DeliveryAttempt, DeliveryOutcome, OutgoingMessage } from '../contracts/connection.transport.js';
import { StoreUnavailableError } from '../errors/store-unavailable.error.js';
import { isIds, type BroadcastRequest, type RecipientPage, type RecipientPages } from './broadcast.request.js';
import type { BroadcastTools } from './broadcast.tools.js';
import { ABORTED, Deliveries, type Delivery, type DeliveryListener } from './deliveries.js';
import { COUNTED_AS, noDeliveries } from './delivery.counts.js';
import type { LaneTicket } from './delivery.lanes.js';
import type { BroadcastObservation, DeliveryProgress } from './fan-out.observer.js';
import type { GonePruner } from './gone.pruner.js';
import { IdSet } from './id-set.js';
import type { LoopTurn } from './loop.pace.js';
import { tellEvery } from './progress.ticker.js';

const UNKNOWN: DeliveryOutcome = Object.freeze({ status: 'gone', reason: 'unknown-connection' });
const NOT_LOOKED_UP: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'store-unavailable' });

/** One message to any number of connections, from the first page of recipients to the last answer. */
export class Broadcast implements DeliveryListener {
  private readonly counts = noDeliveries();
  private readonly seen = new IdSet();
  private readonly message: OutgoingMessage;
  private readonly deliveries: Deliveries;
  private readonly startedAt: number;
  private readonly observation: BroadcastObservation | null;
  private missing: StoreUnavailableError | null = null;
  private id: string | null = null;
  private isDraining = false;
  private turn: LoopTurn | null = null;
  private wake: (() => void) | null = null;

  constructor(
    private readonly tools: BroadcastTools,
    private readonly pruner: GonePruner,
    private readonly request: BroadcastRequest,
  ) {
    const { payload, signal } = request;
    this.message = signal === undefined ? { payload } : { payload, signal };
    this.deliveries = new Deliveries(tools, this.message, this);
    this.startedAt = monotonicNow(tools.clock);
    this.observation = tools.observer?.begin(() => this.broadcastId) ?? null;
  }

  private get broadcastId(): string {
    return (this.id ??= randomUUID());
  }

  get isAborted(): boolean {
    return this.deliveries.isAborted;
  }

  /** Why the store could not tell of all recipients, so that only those of this process were reached; else `null`. */
  get outage(): StoreUnavailableError | null {
    return this.missing;
  }

  /** @throws what the pages of recipients or the store threw, after what was under way has ended */
  async run(): Promise<void> {
    const { signal } = this.request;
    const onAbort = (): void => this.deliveries.giveUpWaiting();
    signal?.addEventListener('abort', onAbort);
    const stopTelling = this.tellProgress();
    let failure: { readonly error: unknown } | null = null;
    try {
      await this.sendToPages(this.request.recipients);
    } catch (error) {
      if (!(await this.sendLocally(error))) failure = { error };
    }
    this.tools.flush(this.message);
    await this.drained();
    await this.pruner.done();
    signal?.removeEventListener('abort', onAbort);
    stopTelling();
    await this.observation?.ended({ ...this.progress(), isAborted: this.isAborted, ...this.failureToTell(failure) });
    if (failure !== null) throw failure.error;
  }

  finished({ recipient, ticket, startedAt }: Delivery, outcome: DeliveryAttempt): void {
    this.tools.lanes.leave(ticket);
    this.conclude(recipient, outcome, this.observation === null ? 0 : monotonicNow(this.tools.clock) - startedAt);
    this.moved();
  }

  moved(): void {
    if (this.wake === null) return;
    const isIdle = this.deliveries.count === 0;
    if (this.isDraining ? !isIdle : !(isIdle || this.deliveries.hasRoom)) return;
    const { wake } = this;
    this.wake = null;
    wake();
  }

  private async sendToPages(recipients: RecipientPages): Promise<void> {
    if (!(Symbol.asyncIterator in recipients)) {
      // At once: whoever sends to one of them next must find this message in front.
      for (const page of recipients) await this.sendToPage(page);
      return;
    }
    for await (const page of recipients) {
      // Those that stand in a list are told what became of them; of a store no more is asked than is needed.
      if (this.isAborted) return;
      await this.sendToPage(page);
    }
  }

  private sendToPage(page: RecipientPage): Promise<void> {
    return isIds(page) ? this.sendToIds(page) : this.sendToRecipients(page);
  }

  /** Goes on with the sockets of this process when it was the store that failed. @returns whether there was a way to */
  private async sendLocally(error: unknown): Promise<boolean> {
    const { locally } = this.request;
    const local = this.tools.local();
    if (!(error instanceof StoreUnavailableError) || local === null || locally === undefined) return false;
    this.missing = error;
    await this.sendToPages(locally(local));
    return true;
  }

  private async sendToIds(page: readonly string[]): Promise<void> {
    const fresh = page.filter((connectionId) => this.seen.add(connectionId));
    // Queued before they are looked up: of two sends that do so at once, the later one may get its answer first.
    const tickets = fresh.map((connectionId) => this.tools.lanes.enter(connectionId));
    let next = 0;
    try {
      const connections = this.isAborted ? [] : await this.find(fresh);
      for (; next < tickets.length; next++) {
        const ticket = tickets[next] as LaneTicket;
        const connection = connections[next];
        if (connection !== undefined && connection !== null) {
          const sending = this.send(connection, ticket, this.room(connection));
          if (sending !== undefined) await sending;
        } else {
          this.tools.lanes.leave(ticket);
          this.settle(ticket.connectionId, this.withoutRecord(connection), 0);
        }
        if (this.tools.pace.step(this.turn)) await this.tools.pace.rest((this.turn ??= this.tools.pace.begin()));
      }
    } finally {
      for (const ticket of tickets.slice(next)) this.tools.lanes.leave(ticket);
    }
  }

  /** What is known of these connections: `null` where there is none, `undefined` where that could not be learned. */
  private async find(connectionIds: readonly string[]): Promise<readonly (Recipient | null | undefined)[]> {
    try {
      return await this.tools.store.findMany(connectionIds);
    } catch (error) {
      const local = this.tools.local();
      if (!(error instanceof StoreUnavailableError) || local === null) throw error;
      const found = local.find(connectionIds).map((connection) => connection ?? undefined);
      if (found.includes(undefined)) this.missing = error;
      return found;
    }
  }

  private withoutRecord(connection: null | undefined): DeliveryOutcome {
    if (this.isAborted) return ABORTED;
    return connection === null ? UNKNOWN : NOT_LOOKED_UP;
  }

  private async sendToRecipients(page: readonly Recipient[]): Promise<void> {
    const { pace } = this.tools;
    this.turn ??= pace.begin();
    if (pace.isAwaited) await pace.rest(this.turn);
    for (const recipient of page) {
      const { connectionId } = recipient;
      if (!this.seen.add(connectionId)) continue;
      const wait = this.room(recipient);
      if (wait === undefined && !this.tools.lanes.isBusy(connectionId)) {
        const outcome = this.deliveries.startFirst(recipient);
        if (outcome !== null) this.conclude(recipient, outcome, 0);
      } else {
        const sending = this.send(recipient, this.tools.lanes.enter(connectionId), wait);
        if (sending !== undefined) await sending;
      }
      if (pace.step(this.turn)) await pace.rest(this.turn);
    }
  }

  /** Starts a delivery after `wait`; resolves when the next one may start, `undefined` where that is now. */
  private send(recipient: Recipient, ticket: LaneTicket, wait: Promise<void> | undefined): Promise<void> | undefined {
    const start = (): void => this.deliveries.start(recipient, ticket);
    // However the wait ended: whether it was given up shows in the signal.
    if (wait !== undefined) return wait.then(start, start);
    start();
    return undefined;
  }

  /** Resolves when one more may be started, `undefined` where that is now. */
  private room(recipient: Recipient): Promise<void> | undefined {
    if (this.isAborted) return undefined;
    if (this.deliveries.isFull) {
      this.tools.flush(this.message);
      return new Promise<void>((resolve) => (this.wake = resolve)).then(() => this.room(recipient));
    }
    if (this.pruner.isFull) return this.pruner.relieved().then(() => this.room(recipient));
    return this.deliveries.turn(recipient);
  }

  private conclude(recipient: Recipient, outcome: DeliveryAttempt, latencyMs: number): void {
    if (outcome.status === 'gone') this.pruner.add(recipient);
    this.settle(recipient.connectionId, outcomeOf(outcome), latencyMs);
  }

  private settle(connectionId: string, outcome: DeliveryOutcome, latencyMs: number): void {
    this.counts[COUNTED_AS[outcome.status]]++;
    this.observation?.settled(outcome.status, latencyMs);
    this.request.onOutcome(connectionId, outcome);
  }

  private async drained(): Promise<void> {
    this.isDraining = true;
    while (this.deliveries.count > 0) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private failureToTell(failure: { readonly error: unknown } | null): { readonly error?: unknown } {
    return failure ?? (this.missing === null ? {} : { error: this.missing });
  }

  private progress(): DeliveryProgress {
    const { broadcastId, counts, deliveries } = this;
    const elapsedMs = monotonicNow(this.tools.clock) - this.startedAt;
    return { broadcastId, ...counts, inFlight: deliveries.count, elapsedMs };
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
