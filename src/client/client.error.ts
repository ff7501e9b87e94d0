import type { WireErrorCode } from '../protocol/wire/wire.error.codes.js';

/**
 * Why something did not work, for programs: the codes of the protocol (`docs/protocol.md`), and the client's own.
 *
 * - `timeout`: no answer in time. A request may have been carried out all the same.
 * - `closed`: the client was closed, or the server ended the subscription.
 * - `too-large`: the message has more bytes than the server takes; nothing was sent. Also a code of the protocol.
 * - `not-connected`: the client is not connecting either, or too many requests wait for the connection.
 * - `no-websocket`: the environment has no `WebSocket`, and none was given.
 */
export type WebSocketClientErrorCode = WireErrorCode | 'timeout' | 'closed' | 'not-connected' | 'no-websocket';

/** A failed request, or the end of a subscription. `code` says which, `retry` whether the same may succeed later. */
export class WebSocketClientError extends Error {
  override readonly name = 'WebSocketClientError';

  constructor(
    readonly code: WebSocketClientErrorCode,
    message: string,
    readonly retry = false,
  ) {
    super(message);
  }
}
