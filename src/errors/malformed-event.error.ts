import { WebSocketModuleError } from './websocket-module.error.js';

/** An event that is not an API Gateway WebSocket event. `handle` answers it with 400 and the reason instead of throwing. */
export class MalformedEventError extends WebSocketModuleError {
  override readonly name = 'MalformedEventError';
  readonly code = 'WEBSOCKET_MALFORMED_EVENT';

  /** @param statusCode what `handle` answers: 400, or 413 for a body over the limit */
  constructor(
    readonly reason: string,
    readonly statusCode: 400 | 413 = 400,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}
