import { MAX_DELAY_MS } from '../contracts/clock.js';

/** One for all: a timer for each message would cost more than the message. */
let timer: NodeJS.Timeout | undefined;
let underWay = 0;

/**
 * Runs `work` and keeps the process alive until it has ended: timers of a `Clock` do not, nor do idle connections, and a message that waits for its
 * next attempt has nothing else. Without it a script ends in the middle, and Lambda answers before its time.
 */
export async function keepingAlive<Result>(work: () => Promise<Result>): Promise<Result> {
  timer ??= setInterval(() => undefined, MAX_DELAY_MS);
  if (underWay++ === 0) timer.ref();
  try {
    return await work();
  } finally {
    if (--underWay === 0) timer.unref();
  }
}
