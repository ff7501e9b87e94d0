/** How long loops may hold up everything else, in milliseconds, all of them together. */
const MAX_STRETCH_MS = 5;

/** How many steps are made between two looks at the time. */
const STEPS_BETWEEN_LOOKS = 64;

/**
 * For how many milliseconds of work a loop goes before those that began later; after that a very long one must not keep them waiting. A short one is
 * never that, however long a busy machine keeps it from its work.
 */
const SENIORITY_MS = 50;
const SHORT_STEPS = 1_024;

/** One loop among those that share a pace. */
export class LoopTurn {
  /** The lower, the earlier it began. */
  order = 0;
  steps = 0;
  workedMs = 0;
  startedAt = 0;
}

interface Resting {
  readonly turn: LoopTurn;
  readonly goOn: () => void;
}

/**
 * Lets other work of the process go first, every few milliseconds, in loops that would otherwise not end for long. Loops that share a pace share its
 * stretch of each turn of the event loop: a thousand of them hold up the process no longer than one. They end in the order in which they began, but for
 * those that take very long, so that messages to one socket keep their order.
 */
export class LoopPace {
  private readonly line: Resting[] = [];
  private lastOrder = 0;
  private steps = 0;
  private stretchedSince = 0;
  private isStretched = false;
  /** Whether the end of this turn of the event loop will be noticed. */
  private isWatching = false;
  /** Whether a loop may go on and has not done so yet. */
  private isHandingOver = false;

  /** Begins a loop. Where others rest that began before, it is to {@link rest} first. */
  begin(): LoopTurn {
    const turn = new LoopTurn();
    turn.order = ++this.lastOrder;
    turn.startedAt = performance.now();
    return turn;
  }

  /** Whether loops rest that began before. */
  get isAwaited(): boolean {
    return this.line.length > 0 || this.isHandingOver;
  }

  /** Counts a step; tells whether the loop should {@link rest} before the next one. */
  step(turn: LoopTurn | null): boolean {
    if (turn !== null) turn.steps++;
    this.isHandingOver = false;
    if (this.isStretched) return true;
    if (++this.steps < STEPS_BETWEEN_LOOKS) return false;
    this.steps = 0;
    if (!this.isWatching) this.watch();
    this.isStretched = performance.now() - this.stretchedSince >= MAX_STRETCH_MS;
    return this.isStretched;
  }

  /** Resolves when timers, sockets and other callers have had their turn, and the loops that began before have ended or rest, too. */
  rest(turn: LoopTurn): Promise<void> {
    turn.workedMs += performance.now() - turn.startedAt;
    if (turn.workedMs > SENIORITY_MS && turn.steps > SHORT_STEPS) {
      turn.order = ++this.lastOrder;
      turn.steps = 0;
      turn.workedMs = 0;
    }
    return new Promise((goOn) => {
      const behind = this.line.findIndex((resting) => resting.turn.order > turn.order);
      this.line.splice(behind < 0 ? this.line.length : behind, 0, { turn, goOn });
      if (!this.isWatching) this.watch();
    });
  }

  private watch(): void {
    this.isWatching = true;
    this.stretchedSince = performance.now();
    setImmediate(() => this.turnOver());
  }

  /** Begins another turn of the event loop. */
  private turnOver(): void {
    this.isWatching = false;
    this.isStretched = false;
    if (this.line.length === 0) return;
    this.watch();
    this.goOn();
  }

  /** Lets the first in line go on, and the next one when that rests or ends, while there is time. */
  private goOn(): void {
    this.isHandingOver = false;
    const now = performance.now();
    if (this.isStretched || now - this.stretchedSince >= MAX_STRETCH_MS) return;
    const next = this.line.shift();
    if (next === undefined) return;
    this.isHandingOver = true;
    next.turn.startedAt = now;
    next.goOn();
    // A tick from within a microtask comes when no microtask is left: the loop has gone as far as it does.
    queueMicrotask(() => process.nextTick(() => this.goOn()));
  }
}
