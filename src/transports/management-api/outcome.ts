import type { DeliveryOutcome } from '../../contracts/connection.transport.js';

export const DELIVERED: DeliveryOutcome = Object.freeze({ status: 'delivered' });
const GONE: DeliveryOutcome = Object.freeze({ status: 'gone', reason: 'gone' });

/** What may be read from an error that the SDK client throws. */
interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * What an error of the SDK client says about the connection. API Gateway's 410 has no body, and in front of a proxy it may come without
 * the error's name, so the status counts as much as the name.
 */
export function outcomeOfError(error: unknown): DeliveryOutcome {
  const { name, code, $metadata } = (error ?? {}) as SdkError;
  const status = $metadata?.httpStatusCode;
  // The name of a system error is no more than "Error"; its code says which.
  const reason = [code, name].find((word) => typeof word === 'string' && word !== '') ?? 'unknown-error';
  if (status === 410 || name === 'GoneException') return GONE;
  if (status === 429 || name === 'LimitExceededException') return { status: 'throttled', reason };
  if (status === 413 || name === 'PayloadTooLargeException') return { status: 'too-large', reason };
  if (status === 403 || name === 'ForbiddenException') return { status: 'forbidden', reason };
  return { status: 'failed', reason };
}
