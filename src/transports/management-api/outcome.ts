import type { DeliveryAttempt } from '../../contracts/connection.transport.js';

export const DELIVERED: DeliveryAttempt = Object.freeze({ status: 'delivered' });
const GONE: DeliveryAttempt = Object.freeze({ status: 'gone', reason: 'gone' });

/** What may be read from an error that the SDK client throws. */
export interface SdkError {
  readonly name?: string | undefined;
  readonly code?: string | undefined;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The errors of connections that the SDK tries again after; certificates, for one, do not mend by themselves. */
const PASSING = new Set([
  'TimeoutError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * What an error of the SDK client says about the connection. API Gateway's 410 has no body, and in front of a proxy it may come without
 * the error's name, so the status counts as much as the name.
 */
export function outcomeOfError(error: unknown): DeliveryAttempt {
  const { name, code, $metadata } = (error ?? {}) as SdkError;
  const status = $metadata?.httpStatusCode;
  // The name of a system error is no more than "Error"; its code says which.
  const reason = [code, name].find((word) => typeof word === 'string' && word !== '') ?? 'unknown-error';
  if (status === 410 || name === 'GoneException') return GONE;
  if (status === 429 || name === 'LimitExceededException') return { status: 'throttled', reason, mayRetry: true };
  if (status === 413 || name === 'PayloadTooLargeException') return { status: 'too-large', reason };
  if (status === 403 || name === 'ForbiddenException') return { status: 'forbidden', reason };
  const isPassing = status === undefined ? PASSING.has(reason) || name === 'TimeoutError' : status >= 500;
  return { status: 'failed', reason, ...(isPassing && { mayRetry: true }) };
}
