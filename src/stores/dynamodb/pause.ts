const SHORTEST_MS = 25;
const LONGEST_MS = 400;

/**
 * Waits at random up to a time that doubles with each attempt, so that those who failed together do not come back together. In real
 * time, whatever clock the store was given: a server is waited for. Rejects when `signal` is aborted.
 */
export function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const delayMs = Math.random() * Math.min(LONGEST_MS, SHORTEST_MS * 2 ** attempt);
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
