import type { WebSocketResponse } from '../protocol/response.js';

const REASONS = Object.freeze({
  401: 'Unauthorized',
  403: 'Forbidden',
  409: 'Another authentication is under way',
  413: 'Too large',
  429: 'Too many requests',
  500: 'Internal server error',
  503: 'Service unavailable',
});

/** An answer that lets nothing in. */
export class Refusal {
  readonly response: WebSocketResponse;

  /** @param retryAfterMs when it is worth another try; told in whole seconds */
  constructor(
    statusCode: keyof typeof REASONS,
    readonly retryAfterMs: number | null = null,
  ) {
    this.response = {
      statusCode,
      body: JSON.stringify({ error: REASONS[statusCode] }),
      ...(retryAfterMs !== null && {
        headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) },
      }),
    };
  }
}
