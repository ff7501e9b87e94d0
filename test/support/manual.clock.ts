import type { ManualClock } from '../../src/testing/manual.clock.js';

export { ManualClock } from '../../src/testing/manual.clock.js';

/** Lets the time of the application pass until something has come about: slowly, for requests take their own time. */
export async function passing<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  let isDone = false;
  const done = (): void => void (isDone = true);
  work.then(done, done);
  while (!isDone) await clock.advance(5);
  return work;
}
