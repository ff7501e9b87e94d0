import { MAX_DELAY_MS } from '../contracts/clock.js';

/**
 * Runs `work` and keeps the process alive until it has ended: timers of a `Clock` do not, nor do idle connections, and a message that waits for its
 * next attempt has nothing else. Without it a script ends in the middle, and Lambda answers before its time.
 */
export async function keepingAlive<Result>(work: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(() => undefined, MAX_DELAY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
