import { setImmediate } from 'node:timers';
import { Clock, type CancelTask } from '../contracts/clock.js';

interface Task {
  readonly dueAt: number;
  readonly run: () => void;
}

/**
 * A clock that stands still until the test moves it: give it to the option `clock`, or to a store.
 */
export class ManualClock extends Clock {
  private readonly tasks = new Set<Task>();
  private setByMs = 0;

  /** @param time the time it shows at first (epoch ms) */
  constructor(private time = Date.UTC(2026, 0, 1)) {
    super();
  }

  now(): number {
    return this.time + this.setByMs;
  }

  override monotonicNow(): number {
    return this.time;
  }

  /** Sets the clock forward, or back: no time passes, and timers do not notice. */
  setBy(ms: number): void {
    this.setByMs += ms;
  }

  after(delayMs: number, run: () => void): CancelTask {
    const task: Task = { dueAt: this.time + delayMs, run };
    this.tasks.add(task);
    return () => void this.tasks.delete(task);
  }

  /** How many tasks wait for their time. */
  get pending(): number {
    return this.tasks.size;
  }

  /**
   * Moves the time on and runs what falls due on the way, in order, each at its own time. Resolves when what those tasks started has
   * come to rest, as far as it waits for nothing but promises.
   */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    for (let task = this.nextDue(until); task !== undefined; task = this.nextDue(until)) {
      this.tasks.delete(task);
      this.time = Math.max(this.time, task.dueAt);
      task.run();
      await promisesAtRest();
    }
    this.time = until;
    await promisesAtRest();
  }

  private nextDue(until: number): Task | undefined {
    let next: Task | undefined;
    for (const task of this.tasks) {
      if (task.dueAt <= until && (next === undefined || task.dueAt < next.dueAt)) next = task;
    }
    return next;
  }
}

/** Every promise job runs before the event loop gets to its next turn. The global function may be a test runner's, which never calls back. */
function promisesAtRest(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
