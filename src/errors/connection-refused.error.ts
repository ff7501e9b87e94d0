import { WebSocketModuleError } from './websocket-module.error.js';

/** What a handshake, or a message, may be refused with: 401 who are you, 403 not you, 429 too many, 503 not now. */
export type RefusalStatus = 401 | 403 | 429 | 503;

/**
 * Thrown by the option `admission.authenticate` to refuse a client with a status of its choice; `handle` answers it and the connection is never
 * opened.
 *
 * @example
 * throw new ConnectionRefusedError(403);
 */
export class ConnectionRefusedError extends WebSocketModuleError {
  override readonly name = 'ConnectionRefusedError';
  readonly code = 'WEBSOCKET_CONNECTION_REFUSED';

  /** @param options `retryAfterSeconds` tells the client when to come back, in the header `Retry-After` */
  constructor(
    readonly statusCode: RefusalStatus,
    readonly options: ErrorOptions & { readonly retryAfterSeconds?: number } = {},
  ) {
    super(`The client is refused with ${statusCode}; let the option "admission.authenticate" throw this.`, options);
  }
}
