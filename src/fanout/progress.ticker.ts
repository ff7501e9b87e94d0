import type { CancelTask, Clock } from '../contracts/clock.js';

/** Calls `tell` every `everyMs` until what it returns is called. */
export function tellEvery(clock: Clock, everyMs: number, tell: () => void): CancelTask {
  let cancel: CancelTask = () => undefined;
  const schedule = (): void => {
    cancel = clock.after(everyMs, () => {
      schedule();
      tell();
    });
  };
  schedule();
  return () => cancel();
}
