/** What the number of sockets is worked out from. */
export interface SocketWindowOptions {
  /** The most requests that are under way at once. */
  readonly max: number;
  /** The CPU time that it takes to open one socket, which the process pays. */
  readonly handshakeCostMs: number;
  /** The latency that is assumed until the first answer. */
  readonly assumedLatencyMs: number;
}

/** For how long a latency counts as seen recently. */
const MEMORY_MS = 5_000;
/** The account is taken to be throttled when so many connections, making up such a share of the answers, are told so in this time. */
const THROTTLED_RECIPIENTS = 8;
const THROTTLED_SHARE = 0.25;
const THROTTLE_PERIOD_MS = 250;
/** What a throttle leaves of the window, what it never takes, and how much comes back in the time of one answer. */
const SHRINK = 0.7;
const MIN_SIZE = 8;
const GROWTH = 4;
/** An answer that is so much later than usual is not being waited for any more before others are sent. */
const OVERDUE_FACTOR = 3;
const OVERDUE_MS = 20;
const OVERDUE_UNKNOWN_MS = 1_000;

/**
 * How many sockets pay. With `n` messages that each wait `latency` for their answer, `c` sockets take `n × latency ÷ c` to wait and
 * `c × handshake` to open, and the sum is least at the square root of `n × latency ÷ handshake`. Times are in milliseconds, on any one clock.
 */
export class SocketWindow {
  /** How many requests may be under way. Less than the option while API Gateway throttles the account. */
  private limit: number;
  private answeredSinceRest = 0;
  private typicalMs: number | null = null;
  private leastMs = Infinity;
  private leastBeforeMs = Infinity;
  private memoryUntil = -Infinity;
  private readonly throttledRecipients = new Set<string>();
  private answersInPeriod = 0;
  private periodUntil = -Infinity;
  private shrunkAt = -Infinity;

  constructor(private readonly options: SocketWindowOptions) {
    this.limit = options.max;
  }

  /** How many requests may be under way at once. */
  get capacity(): number {
    return Math.floor(this.limit);
  }

  /** The age from which a request does not count as being under way, so that those that are never answered do not hold up the others. */
  get overdueAfterMs(): number {
    return this.typicalMs === null ? OVERDUE_UNKNOWN_MS : OVERDUE_FACTOR * this.typicalMs + OVERDUE_MS;
  }

  /** How many sockets are worth having for so many requests, under way and waiting. */
  socketsFor(outstanding: number): number {
    const { handshakeCostMs } = this.options;
    const demand = outstanding + this.answeredSinceRest;
    return Math.min(this.capacity, outstanding, Math.ceil(Math.sqrt((demand * this.latencyMs) / handshakeCostMs)));
  }

  /** A message was delivered. Refusals are not told here: they may come faster than a message can be delivered. */
  delivered(startedAt: number, now: number): void {
    this.count(startedAt, now);
    const latencyMs = now - startedAt;
    if (now >= this.memoryUntil) {
      this.leastBeforeMs = this.leastMs;
      this.leastMs = Infinity;
      this.memoryUntil = now + MEMORY_MS;
    }
    if (latencyMs < this.leastMs) this.leastMs = latencyMs;
    this.typicalMs = this.typicalMs === null ? latencyMs : this.typicalMs + (latencyMs - this.typicalMs) / 16;
    if (this.limit < this.options.max) this.limit = Math.min(this.options.max, this.limit + GROWTH / this.limit);
  }

  /** A message was refused for a reason of its own. */
  refused(startedAt: number, now: number): void {
    this.count(startedAt, now);
  }

  /** A 429. It may be the account that is throttled or this one client that reads too slowly, and only many clients tell the difference. */
  throttled(recipient: string, startedAt: number, now: number): void {
    if (!this.count(startedAt, now)) return;
    this.throttledRecipients.add(recipient);
    const { size } = this.throttledRecipients;
    if (size < THROTTLED_RECIPIENTS || size < THROTTLED_SHARE * this.answersInPeriod) return;
    this.limit = Math.min(this.limit, Math.max(MIN_SIZE, this.limit * SHRINK));
    this.shrunkAt = now;
    this.beginPeriod(now);
  }

  /** Nothing is under way any more: what comes next is new demand. */
  rest(): void {
    this.answeredSinceRest = 0;
  }

  private get latencyMs(): number {
    const leastMs = Math.min(this.leastMs, this.leastBeforeMs);
    return leastMs === Infinity ? this.options.assumedLatencyMs : leastMs;
  }

  /** @returns whether it counts: what was under way at the last step back says nothing about whether that was enough */
  private count(startedAt: number, now: number): boolean {
    this.answeredSinceRest++;
    if (startedAt < this.shrunkAt) return false;
    if (now >= this.periodUntil) this.beginPeriod(now);
    this.answersInPeriod++;
    return true;
  }

  private beginPeriod(now: number): void {
    this.throttledRecipients.clear();
    this.answersInPeriod = 0;
    this.periodUntil = now + THROTTLE_PERIOD_MS;
  }
}
