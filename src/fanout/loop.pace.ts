/** How long loops may hold up everything else, in milliseconds, all of them together. */
const MAX_STRETCH_MS = 5;

/** How many steps are made between two looks at the time. */
const STEPS_BETWEEN_LOOKS = 64;

/**
 * Lets other work of the process go first, every few milliseconds, in loops that would otherwise not end for long. Loops that share a pace share its
 * stretch of each turn of the event loop, and take turns: a thousand of them hold up the process no longer than one.
 */
export class LoopPace {
  private readonly line: (() => void)[] = [];
  private steps = 0;
  private stretchedSince = 0;
  private isStretched = false;
  /** Whether the end of this turn of the event loop will be noticed. */
  private isWatching = false;

  /** Counts a step; tells whether the loop should {@link rest} before the next one. */
  step(): boolean {
    if (this.isStretched) return true;
    if (++this.steps < STEPS_BETWEEN_LOOKS) return false;
    this.steps = 0;
    if (!this.isWatching) this.watch();
    this.isStretched = performance.now() - this.stretchedSince >= MAX_STRETCH_MS;
    return this.isStretched;
  }

  /** Resolves when timers, sockets and other callers have had their turn, and those that rest for longer. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.line.push(resolve);
      if (!this.isWatching) this.watch();
    });
  }

  private watch(): void {
    this.isWatching = true;
    this.stretchedSince = performance.now();
    setImmediate(() => this.begin());
  }

  /** Begins another turn. */
  private begin(): void {
    this.isWatching = false;
    this.isStretched = false;
    if (this.line.length === 0) return;
    this.watch();
    this.goOn();
  }

  /** Lets the first in line go on, and the next one when that rests or ends, while there is time. */
  private goOn(): void {
    if (this.isStretched || performance.now() - this.stretchedSince >= MAX_STRETCH_MS) return;
    const next = this.line.shift();
    if (next === undefined) return;
    next();
    // A tick from within a microtask comes when no microtask is left: the loop has gone as far as it does.
    queueMicrotask(() => process.nextTick(() => this.goOn()));
  }
}
