/** When a client that was closed with a code may come back. */
export type Reconnection =
  /** At once, after a random part of a second, so that not all come in the same moment. */
  | 'now'
  /** After a wait that doubles with each attempt. */
  | 'later'
  /** Not as it is: what it did, or who it is, would be refused again. */
  | 'never';

/** How the gateway closes a connection, and what its client should make of that. */
export interface Close {
  /** RFC 6455 section 7.4 and IANA's registry of WebSocket close codes; from 4000 on our own. */
  readonly code: number;
  /** The text in the close frame; empty for what the protocol itself forbids. */
  readonly reason: string;
  readonly reconnect: Reconnection;
}

const close = (code: number, reason: string, reconnect: Reconnection): Close =>
  Object.freeze({ code, reason, reconnect });

/** Every close frame that the gateway sends by itself. `docs/reference/close-codes.md` says when. */
export const Closes = Object.freeze({
  /** `DELETE @connections/{id}`, and `disconnect` without a code of its own. The reason is API Gateway's. */
  deleted: close(1000, 'Connection Closed Normally', 'never'),
  /** No data for too long, or open for too long. The reason is API Gateway's. */
  goingAway: close(1001, 'Going away', 'now'),
  protocolError: close(1002, '', 'never'),
  unsupportedData: close(1003, '', 'never'),
  invalidPayload: close(1007, '', 'never'),
  tooManyParts: close(1008, '', 'never'),
  /** Compressed messages that come to very much. */
  tooMuchAtOnce: close(1008, '', 'never'),
  messageTooBig: close(1009, '', 'never'),
  /** A listener failed at a connection that was authenticating itself, or the store lost it just then. */
  internalError: close(1011, 'Internal server error', 'later'),
  /** The process stops; another one takes over. */
  serviceRestart: close(1012, 'Service Restart', 'now'),
  /** The client read too slowly for too long. */
  slowConsumer: close(1013, 'Reading too slowly', 'later'),
  /** The authentication expired and was not refreshed: authenticate again, then come back. */
  authenticationExpired: close(4401, 'Authentication expired', 'now'),
  /** No authentication came in the time for it. */
  authenticationTimeout: close(4408, 'Authentication timeout', 'later'),
});

/** How a connection ended when no close frame says so: what the DISCONNECT event has, and no wire carries (RFC 6455 section 7.4.1). */
export const UnsentCloses = Object.freeze({
  /** The client's close frame was empty. The reason is API Gateway's. */
  noStatus: close(1005, 'Client-side close frame status not set', 'never'),
  /** There was none: the network failed, or the client no longer answered. */
  abnormal: close(1006, '', 'later'),
});
