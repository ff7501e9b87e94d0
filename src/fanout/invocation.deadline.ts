import { AsyncLocalStorage } from 'node:async_hooks';
import { monotonicNow, type Clock } from '../contracts/clock.js';

// Follows the work of one invocation wherever it goes, so that several may run in one process at once.
const deadlines = new AsyncLocalStorage<number>();

/** Runs `work`; whatever it sends ends, at the latest, after `timeoutMs`. */
export function withDeadline<Result>(clock: Clock, timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  return deadlines.run(monotonicNow(clock) + timeoutMs, work);
}

/** How long what runs here may still send, in milliseconds; `Infinity` without a deadline, and never less than 0. */
export function timeLeftMs(clock: Clock): number {
  const deadline = deadlines.getStore();
  return deadline === undefined ? Infinity : Math.max(0, deadline - monotonicNow(clock));
}
