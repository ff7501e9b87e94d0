import { monotonicNow, type Clock } from '../contracts/clock.js';
import type { ResolvedSessionOptions } from '../options/session.options-resolver.js';
import { Closes, type Close } from '../protocol/close-codes.js';
import { DeadlineQueue, type Dated } from './deadline.queue.js';

/** What a connection is judged by. */
export interface WatchPolicy {
  /** 0 sends no pings. */
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly maxBufferedBytes: number;
  readonly slowConsumerMs: number;
  /** `null` lets a connection be silent for ever. */
  readonly idleTimeoutMs: number | null;
  /** `null` lets a connection live for ever. */
  readonly maxConnectionMs: number | null;
}

export function watchPolicyOf(options: ResolvedSessionOptions): WatchPolicy {
  const { idleTimeoutSeconds, maxConnectionSeconds } = options;
  return {
    pingIntervalMs: options.pingIntervalSeconds * 1_000,
    pongTimeoutMs: options.pongTimeoutSeconds * 1_000,
    maxBufferedBytes: options.maxBufferedBytes,
    slowConsumerMs: options.slowConsumerSeconds * 1_000,
    idleTimeoutMs: idleTimeoutSeconds === null ? null : idleTimeoutSeconds * 1_000,
    maxConnectionMs: maxConnectionSeconds === null ? null : maxConnectionSeconds * 1_000,
  };
}

/** A connection as its watch sees it. */
export interface Watched extends Dated {
  /** When it was opened. Like all times of a watch by the monotonic clock: setting the machine's must neither end connections nor spare them. */
  readonly openedAtMs: number;
  /** When it last carried data, in either direction. */
  readonly lastActiveAtMs: number;
  /** What waits for the client to read. */
  readonly bufferedBytes: number;
  /** How much was ever read of the client, pongs included; `null` when that cannot be told. */
  readonly bytesRead: number | null;
  /** Whether the socket is read at all; while it is not, to push back on the client, nothing can be heard of it. */
  readonly isReading: boolean;
  /** Since when it has been closing, `null` before. */
  readonly closingSinceMs: number | null;
  /** Since when the client has been above its byte budget, `null` while it is not. */
  slowSinceMs: number | null;
  /** When the next ping goes out; with one under way, when that one did. */
  pingAtMs: number;
  /** What `bytesRead` was when the ping under way went out, -1 when none is. */
  bytesReadAtPing: number;
  ping(): void;
  /** Sends a close frame, and calls {@link SessionWatch.closing} then; does nothing where none can be sent any more. */
  close(code: number, reason: string): void;
  terminate(): void;
}

/** How long a client may take to answer a close frame before its socket is dropped. */
const CLOSE_TIMEOUT_MS = 10_000;

/** Steps of this part of a circle never meet, and cover it evenly however many there are. */
const GOLDEN_SECTION = 0.618_033_988_749_895;

/**
 * Looks after open connections: pings them, drops those that no longer answer, and closes those that read too slowly, have been silent for too
 * long or are too old. One timer for all of them.
 */
export class SessionWatch {
  private readonly queue: DeadlineQueue<Watched>;
  private readonly checkEveryMs: number;
  private phase = 0;

  constructor(
    private readonly clock: Clock,
    private readonly policy: WatchPolicy,
  ) {
    this.queue = new DeadlineQueue(clock, (session, nowMs) => this.judge(session, nowMs));
    // Who never reads is noticed without pings too.
    this.checkEveryMs = policy.pingIntervalMs > 0 ? policy.pingIntervalMs : policy.slowConsumerMs;
  }

  add(session: Watched): void {
    // Clients that come together, as after a restart, are not pinged together.
    this.phase = (this.phase + GOLDEN_SECTION) % 1;
    session.pingAtMs = monotonicNow(this.clock) + Math.ceil(this.checkEveryMs * (1 - this.phase));
    this.reschedule(session);
  }

  remove(session: Watched): void {
    this.queue.remove(session);
  }

  /** Takes note that a message found too much waiting already. */
  throttled(session: Watched): void {
    if (session.slowSinceMs !== null) return;
    session.slowSinceMs = monotonicNow(this.clock);
    this.reschedule(session);
  }

  /** Gives a client that was sent a close frame its time to answer. */
  closing(session: Watched): void {
    this.reschedule(session);
  }

  private judge(session: Watched, nowMs: number): void {
    const { policy } = this;
    if (session.closingSinceMs !== null) {
      if (nowMs >= session.closingSinceMs + CLOSE_TIMEOUT_MS) session.terminate();
      else this.reschedule(session);
      return;
    }
    this.measure(session, nowMs);
    this.hear(session);
    const isOld = isDue(session.openedAtMs, policy.maxConnectionMs, nowMs);
    if (isOld || isDue(session.lastActiveAtMs, policy.idleTimeoutMs, nowMs)) close(session, Closes.goingAway);
    else if (isDue(session.slowSinceMs, policy.slowConsumerMs, nowMs)) close(session, Closes.slowConsumer);
    else if (session.bytesReadAtPing >= 0 && nowMs >= this.pongDueAt(session)) session.terminate();
    else {
      if (nowMs >= session.pingAtMs && session.bytesReadAtPing < 0) this.ping(session, nowMs);
      this.reschedule(session);
    }
  }

  private measure(session: Watched, nowMs: number): void {
    if (session.bufferedBytes <= this.policy.maxBufferedBytes) session.slowSinceMs = null;
    else session.slowSinceMs ??= nowMs;
  }

  /** Takes note of an answer to the ping under way. Anything at all that the client sent since is one. */
  private hear(session: Watched): void {
    // While nothing is read, nothing says that the client is gone either.
    const isAnswered = !session.isReading || session.bytesRead !== session.bytesReadAtPing;
    if (session.bytesReadAtPing < 0 || !isAnswered) return;
    session.bytesReadAtPing = -1;
    session.pingAtMs += this.checkEveryMs;
  }

  private ping(session: Watched, nowMs: number): void {
    const { bytesRead } = session;
    if (this.policy.pingIntervalMs === 0 || !session.isReading || bytesRead === null) {
      session.pingAtMs = nowMs + this.checkEveryMs;
      return;
    }
    session.pingAtMs = nowMs;
    session.bytesReadAtPing = bytesRead;
    session.ping();
  }

  /** A ping behind bytes that the client has not read yet may not have left: then the time for slow readers counts. */
  private pongDueAt(session: Watched): number {
    const { pongTimeoutMs, slowConsumerMs } = this.policy;
    return session.pingAtMs + (session.bufferedBytes > 0 ? Math.max(pongTimeoutMs, slowConsumerMs) : pongTimeoutMs);
  }

  /** With a ping under way: when the next one would go out, and after that when the answer is due. */
  private nextLookAt(session: Watched): number {
    const nextPingAtMs = session.pingAtMs + this.checkEveryMs;
    const pongDueAtMs = this.pongDueAt(session);
    return nextPingAtMs < pongDueAtMs && monotonicNow(this.clock) < nextPingAtMs ? nextPingAtMs : pongDueAtMs;
  }

  private reschedule(session: Watched): void {
    const { policy } = this;
    if (session.closingSinceMs !== null) {
      this.queue.schedule(session, session.closingSinceMs + CLOSE_TIMEOUT_MS);
      return;
    }
    let dueAtMs = session.bytesReadAtPing < 0 ? session.pingAtMs : this.nextLookAt(session);
    if (session.slowSinceMs !== null) dueAtMs = Math.min(dueAtMs, session.slowSinceMs + policy.slowConsumerMs);
    if (policy.idleTimeoutMs !== null) dueAtMs = Math.min(dueAtMs, session.lastActiveAtMs + policy.idleTimeoutMs);
    if (policy.maxConnectionMs !== null) dueAtMs = Math.min(dueAtMs, session.openedAtMs + policy.maxConnectionMs);
    this.queue.schedule(session, dueAtMs);
  }
}

/** Closes a connection, or drops it where a close frame cannot be sent any more: it is no longer looked after then. */
function close(session: Watched, { code, reason }: Close): void {
  session.close(code, reason);
  if (session.closingSinceMs === null) session.terminate();
}

function isDue(sinceMs: number | null, afterMs: number | null, nowMs: number): boolean {
  return sinceMs !== null && afterMs !== null && nowMs >= sinceMs + afterMs;
}
