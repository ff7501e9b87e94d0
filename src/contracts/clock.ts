/** Cancels a scheduled task; harmless after the task ran. */
export type CancelTask = () => void;

/**
 * Where the package reads the time and schedules work. Give your own in the option `clock` to control time in tests.
 */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. */
  abstract now(): number;

  /** Runs `task` once after `delayMs` milliseconds without keeping the process alive. */
  abstract after(delayMs: number, task: () => void): CancelTask;

  /**
   * Milliseconds that have passed since some moment, which setting the clock does not change: deadlines and durations go by it. Where a clock has
   * none they go by `now()`.
   */
  monotonicNow?(): number;
}

/** The time of a clock that only ever moves on: to be compared with itself, and with nothing that another process wrote. */
export function monotonicNow(clock: Clock): number {
  return clock.monotonicNow?.() ?? clock.now();
}

/** The longest delay that a timer of Node takes; a longer one runs at once. */
export const MAX_DELAY_MS = 2_147_483_647;

/** What {@link inTime} resolves to when time is up. */
export const LATE: unique symbol = Symbol('late');

/** The cause of an error where something took longer than it may. Named like the one that an `AbortSignal` times out with. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  /** @param who what did not answer, e.g. `The cache` */
  constructor(who: string, timeoutMs: number) {
    super(`${who} did not answer within ${timeoutMs} ms.`);
  }
}

/** What `work` comes to, or {@link LATE} if that takes longer than `timeoutMs`; the work goes on then, and nobody waits for it. */
export function inTime<Value>(clock: Clock, timeoutMs: number, work: Promise<Value>): Promise<Value | typeof LATE> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => resolve(LATE));
    work.then(resolve, reject).finally(cancel);
  });
}

/** The time of the machine. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  // Whole, like the delays of timers.
  override monotonicNow(): number {
    return Math.trunc(performance.now());
  }

  after(delayMs: number, task: () => void): CancelTask {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  }
}
