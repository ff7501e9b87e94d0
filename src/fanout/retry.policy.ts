import type { DeliveryAttempt } from '../contracts/connection.transport.js';

/** As in the AWS SDK's standard mode: longer after a 429 than after what passes by itself. */
const ERROR_BASE_MS = 100;
const THROTTLE_BASE_MS = 500;

const MAX_DELAY_MS = 5_000;

/** As many attempts as the AWS SDK makes. A 429 says when it is over: only time limits that. */
const MAX_ATTEMPTS = 3;

/**
 * When to try again: after a random part of a time that doubles with each attempt ("full jitter"), so that what failed together does not come
 * back together.
 *
 * @param attempt how many attempts there have been
 * @param remainingMs how much of the message's time is left
 * @returns the delay, `null` when there is to be no other attempt
 */
export function retryDelayMs(
  { mayRetry = false, status }: DeliveryAttempt,
  attempt: number,
  remainingMs: number,
  random: () => number = Math.random,
): number | null {
  const isThrottled = status === 'throttled';
  if (!mayRetry || (!isThrottled && attempt >= MAX_ATTEMPTS)) return null;
  const base = isThrottled ? THROTTLE_BASE_MS : ERROR_BASE_MS;
  const delayMs = Math.floor(random() * Math.min(MAX_DELAY_MS, base * 2 ** (attempt - 1)));
  return delayMs < remainingMs ? delayMs : null;
}
