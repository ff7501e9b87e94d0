import { WebSocketModuleError } from './websocket-module.error.js';

/**
 * The store that holds the connections did not answer. It is never reported as "nobody is connected": what was
 * asked is unknown, and may be asked again.
 */
export class StoreUnavailableError extends WebSocketModuleError {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'WEBSOCKET_STORE_UNAVAILABLE';

  /**
   * @param operation the store operation that failed, e.g. `get`
   * @param options `remedy` says what to do where the store knows better than "check that its server is up"
   */
  constructor(
    readonly operation: string,
    options: ErrorOptions & { readonly remedy?: string } = {},
  ) {
    const { remedy = 'check that its server is up and reachable' } = options;
    super(`The connection store failed to ${operation}; ${remedy}, then try again.`, options);
  }
}
