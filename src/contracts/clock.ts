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
}

/** The time of the machine. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  after(delayMs: number, task: () => void): CancelTask {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  }
}
