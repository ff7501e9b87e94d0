import { inTime, LATE, monotonicNow, type Clock } from '../contracts/clock.js';
import { RequestBudget, type RequestQuota, type Reservation } from '../contracts/request.budget.js';
import { TokenBucket } from './token.bucket.js';
import { WaitingLine } from './waiting.line.js';

/** How many milliseconds' worth of the whole budget one process takes at once, at most. */
const MAX_LEASE_MS = 50;

/** Processes take less at once when there are so many that they wait longer than this for one another. */
const PATIENCE_MS = 100;

/** A lease begins with a tenth of the largest, and grows by as much: a thousand processes may come at once. */
const STEPS_TO_FULL_LEASE = 10;

/** What being told to come again counts as. */
const QUEUE_IS_FULL_MS = 2 * PATIENCE_MS;

/** What was taken and not used is given up after this long, or idle processes would save up a burst. */
const KEEP_MS = 100;

/** An answer that comes later counts as none: what it grants was earned by then, and would come on top. */
const ANSWER_MS = 250;

/** How long the store is left alone after it failed. */
const AWAY_MS = 1_000;

/** The part of the budget that a process allows itself while the store is away. */
const SHARE_WHILE_AWAY = 0.1;

/**
 * A request budget that all processes share. Each takes requests out of the store's quota some at a time: up to 50 ms' worth of the whole, less the
 * more processes there are, so that one round trip is for many requests and nobody waits long for the others.
 *
 * In any stretch of time all processes together make no more requests than the rate allows in it, and half a second's worth on top: 100 ms' worth
 * that the quota gives at once after a rest, and what was granted up to 350 ms before and is only now used (an answer may take 250 ms, and what it
 * grants is kept for 100 ms).
 *
 * While the store is away each process goes on with a tenth of the rate, at least one request a second. Nobody can tell then how many processes there
 * are. To stop would turn an outage of the store into one of the messages; to go on at full rate would exceed the quota with the second
 * process. With a tenth, ten processes stay within it.
 */
export class SharedRequestBudget extends RequestBudget {
  private readonly line = new WaitingLine();
  private readonly share: TokenBucket;
  private readonly maxLease: number;
  private lease: number;
  /** What was granted and not used, the oldest first. */
  private held: { count: number; readonly until: number }[] = [];
  private usedSinceLease = 0;
  private isBusy = false;
  private awayUntil = -Infinity;

  constructor(
    private readonly quota: RequestQuota,
    private readonly requestsPerSecond: number,
    private readonly clock: Clock,
  ) {
    super();
    this.share = new TokenBucket(Math.max(1, requestsPerSecond * SHARE_WHILE_AWAY), clock);
    this.maxLease = Math.max(1, Math.floor((requestsPerSecond * MAX_LEASE_MS) / 1_000));
    this.lease = Math.ceil(this.maxLease / STEPS_TO_FULL_LEASE);
  }

  take(signal?: AbortSignal): Promise<void> | undefined {
    if (this.line.length === 0 && this.spend()) {
      // The next requests are asked for while there are some left.
      if (this.heldCount <= this.lease / 2) this.pump();
      return undefined;
    }
    const turn = this.line.join(signal);
    this.pump();
    return turn;
  }

  private spend(): boolean {
    const now = monotonicNow(this.clock);
    while (this.held[0] !== undefined && (this.held[0].count === 0 || this.held[0].until < now)) this.held.shift();
    const [oldest] = this.held;
    if (oldest === undefined) return false;
    oldest.count--;
    this.usedSinceLease++;
    return true;
  }

  private get heldCount(): number {
    return this.held.reduce((total, { count }) => total + count, 0);
  }

  private pump(): void {
    if (this.isBusy) return;
    this.isBusy = true;
    void this.refill().finally(() => {
      this.isBusy = false;
      if (this.line.length > 0) this.pump();
    });
  }

  /** One step: takes requests from the quota, or from the share while the store is away. Never rejects. */
  private async refill(): Promise<void> {
    if (monotonicNow(this.clock) < this.awayUntil) {
      if (this.share.take()) this.line.serve();
      else await this.pause(this.share.delayMs);
      return;
    }
    // Twice what was used: who asks for one after another shows no more need than what there was.
    const wanted = Math.min(this.lease, Math.max(1, this.line.length, 2 * this.usedSinceLease));
    const reservation = await this.reserve(wanted);
    if (reservation === null) {
      this.awayUntil = monotonicNow(this.clock) + AWAY_MS;
      return;
    }
    const { granted, delayMs } = reservation;
    this.adapt(granted > 0 ? delayMs : QUEUE_IS_FULL_MS);
    // Not all at once: where none were granted, there are many who were told to come again.
    if (delayMs > 0) await this.pause(granted > 0 ? delayMs : delayMs * (1 + Math.random()));
    this.usedSinceLease = 0;
    if (granted > 0) this.receive(granted);
  }

  /** Up by a step, down by a factor: whoever takes much comes down further than whoever takes little, until all take the same. */
  private adapt(delayMs: number): void {
    this.lease =
      delayMs > PATIENCE_MS
        ? Math.max(1, Math.floor((this.lease * PATIENCE_MS) / delayMs))
        : Math.min(this.maxLease, this.lease + Math.ceil(this.maxLease / STEPS_TO_FULL_LEASE));
  }

  private receive(granted: number): void {
    this.held.push({ count: granted, until: monotonicNow(this.clock) + KEEP_MS });
    while (this.line.length > 0 && this.spend()) this.line.serve();
  }

  /** `null` when the store does not answer, or too late. */
  private async reserve(count: number): Promise<Reservation | null> {
    try {
      const answer = await inTime(this.clock, ANSWER_MS, this.quota.reserve(count, this.requestsPerSecond));
      return answer === LATE ? null : answer;
    } catch {
      return null;
    }
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(delayMs, resolve));
  }
}
