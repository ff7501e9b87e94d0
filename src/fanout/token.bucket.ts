import { monotonicNow, type Clock } from '../contracts/clock.js';

/** How many milliseconds' worth of requests may be made at once after a rest. */
const BURST_MS = 100;

/** Requests that may be made: so many a second, and 100 ms' worth at once, at least one. Full at first. */
export class TokenBucket {
  private readonly capacity: number;
  private tokens: number;
  private filledAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock,
  ) {
    this.capacity = Math.max(1, (perSecond * BURST_MS) / 1_000);
    this.tokens = this.capacity;
    this.filledAt = monotonicNow(clock);
  }

  /** Whether there was one to take. */
  take(): boolean {
    this.fill();
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** When there will be one, in milliseconds from now: at least one, for a timer takes no less. */
  get delayMs(): number {
    return Math.max(1, Math.ceil(((1 - this.tokens) * 1_000) / this.perSecond));
  }

  private fill(): void {
    const now = monotonicNow(this.clock);
    // A clock that was set back earns nothing, and does not keep anybody waiting until it is where it was.
    const elapsedMs = Math.max(0, now - this.filledAt);
    this.filledAt = now;
    // Rounded, or what adds up from tenths and thirds would fall short of one by a hair, and the timer that was to find one would find none.
    const tokens = this.tokens + (elapsedMs * this.perSecond) / 1_000;
    this.tokens = Math.min(this.capacity, Math.round(tokens * 1e9) / 1e9);
  }
}
