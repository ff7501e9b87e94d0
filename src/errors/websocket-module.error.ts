/** The stable codes of the errors that this package throws. Documented one by one in `docs/errors.md`. */
export type WebSocketErrorCode =
  | 'WEBSOCKET_CHANNEL_LIMIT'
  | 'WEBSOCKET_CONNECTION_REFUSED'
  | 'WEBSOCKET_INVALID_MESSAGE'
  | 'WEBSOCKET_INVALID_NAME'
  | 'WEBSOCKET_INVALID_OPTIONS'
  | 'WEBSOCKET_INVALID_PAYLOAD'
  | 'WEBSOCKET_MALFORMED_EVENT'
  | 'WEBSOCKET_NOT_RUNNING'
  | 'WEBSOCKET_PAYLOAD_TOO_LARGE'
  | 'WEBSOCKET_STORE_UNAVAILABLE'
  | 'WEBSOCKET_UNKNOWN_INVOCATION';

/**
 * The base of every error that this package throws: catch it to catch them all, and tell them apart by
 * `code`, which stays the same across versions and in minified bundles.
 *
 * No error carries a payload, a token, a header or a query string.
 */
export abstract class WebSocketModuleError extends Error {
  abstract readonly code: WebSocketErrorCode;
}
