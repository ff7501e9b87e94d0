import { Closes, type Close } from '../protocol/close-codes.js';

/** How the WebSocket library closes what it refuses; anything else is a protocol error. */
const VIOLATIONS: Readonly<Record<string, Close>> = Object.freeze({
  WS_ERR_INVALID_UTF8: Closes.invalidPayload,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: Closes.tooManyParts,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: Closes.messageTooBig,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: Closes.messageTooBig,
});

/** The close that the WebSocket library answers a client's violation of the protocol with; `null` when it was the network that failed. */
export function closeOnViolation({ code = '' }: Error & { readonly code?: string }): Close | null {
  // What zlib says of a message that cannot be inflated has no code of the library's.
  if (code.startsWith('Z_')) return Closes.invalidPayload;
  return code.startsWith('WS_ERR_') ? (VIOLATIONS[code] ?? Closes.protocolError) : null;
}
