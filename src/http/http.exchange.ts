import type { HttpResponse } from './http.response.js';

/** A request, and who is told what became of it: exactly one of `answered` and `failed` is called, once. */
export interface HttpExchange {
  /** Whom the message is for. */
  readonly recipient: string;
  /** When it is given up, wherever it is by then, in the milliseconds of `performance.now()`. */
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;

  /** The whole request, a character for each byte. Called when there is a connection for it, and again if that turns out to be dead. */
  compose(): string;
  answered(response: HttpResponse): void;
  failed(error: Error): void;
}

/** Called by the names that the AWS SDK gives its errors. */
export class ExchangeError extends Error {
  constructor(
    override readonly name: 'Error' | 'TimeoutError' | 'AbortError',
    message: string,
    readonly code?: 'ETIMEDOUT' | 'ECONNRESET',
  ) {
    super(message);
  }
}
