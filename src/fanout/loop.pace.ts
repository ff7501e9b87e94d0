/** How long a loop may hold up everything else, in milliseconds. */
const MAX_STRETCH_MS = 5;

/** How many steps are made between two looks at the time. */
const STEPS_BETWEEN_LOOKS = 64;

/** Lets other work of the process go first, every few milliseconds, in a loop that would otherwise not end for long. */
export class LoopPace {
  private steps = 0;
  private stretchedSince = performance.now();

  /** Counts a step; tells whether the loop should {@link rest} before the next one. */
  step(): boolean {
    if (++this.steps < STEPS_BETWEEN_LOOKS) return false;
    this.steps = 0;
    return performance.now() - this.stretchedSince >= MAX_STRETCH_MS;
  }

  /** Resolves when timers, sockets and other callers have had their turn. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.stretchedSince = performance.now();
  }
}
