/** A timer that fires this much later than it should was held up, and answers may have come meanwhile that nobody has read. */
const HELD_UP_MS = 10;
const MIN_DELAY_MS = 1;

/** One timer for everything that has its time. It keeps the process alive while told so, and only then. */
export class PoolTimer {
  private timer: NodeJS.Timeout | undefined;
  private wakesAt = Infinity;
  private isNeeded = false;
  private hasWaited = false;

  /** @param check called when a time has come; it says when the next one does */
  constructor(private readonly check: (now: number) => number) {}

  /** Makes sure that the check runs at this time, in `performance.now()`, or before it. */
  wakeAt(time: number): void {
    if (time >= this.wakesAt) return;
    clearTimeout(this.timer);
    this.wakesAt = time;
    this.timer = setTimeout(() => this.fire(), Math.max(MIN_DELAY_MS, Math.ceil(time - performance.now())));
    if (!this.isNeeded) this.timer.unref();
  }

  /** The process must not end now. */
  ref(): void {
    this.isNeeded = true;
    this.timer?.ref();
  }

  unref(): void {
    this.isNeeded = false;
    this.timer?.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wakesAt = Infinity;
  }

  private fire(): void {
    const now = performance.now();
    const isHeldUp = now - this.wakesAt > HELD_UP_MS && !this.hasWaited;
    this.stop();
    this.hasWaited = isHeldUp;
    // Once round the event loop: whoever has been answered in time must not be given up because this process was busy.
    this.wakeAt(isHeldUp ? now : this.check(now));
  }
}
