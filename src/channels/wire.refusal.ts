import type { InvalidMessageError } from '../errors/invalid-message.error.js';
import type { ErrorMessage } from '../protocol/wire/server.messages.js';
import { RETRYABLE_WIRE_ERRORS, type WireErrorCode } from '../protocol/wire/wire.error.codes.js';

/** What an `error` message tells beside its code. */
type Details = Pick<ErrorMessage, 'retryAfterMs' | 'messageId' | 'issues'>;

/** What each code says to people, where there is nothing more to say. */
const SAID: Readonly<Record<WireErrorCode, string>> = Object.freeze({
  'bad-request': 'The message is not what the protocol says.',
  'invalid-message': 'The message is not what the application expects.',
  'unsupported-protocol': 'This version of the protocol is not spoken here.',
  forbidden: 'This channel is not open to you.',
  'not-subscribed': 'Subscribe to the channel first.',
  'channel-full': 'As many are in the channel as may be.',
  'too-many-channels': 'The connection is in as many channels as it may be.',
  'too-large': 'The message is too large to be sent.',
  'rate-limited': 'Too many requests.',
  duplicate: 'This id was used before.',
  'unknown-event': 'Nobody listens to this event.',
  'unknown-request': 'There is no such question, or not any more.',
  unavailable: 'The store does not answer.',
  internal: 'The application failed.',
});

/** A request of a client that is refused. Never leaves the room: it becomes an `error` message. */
export class WireRefusal extends Error {
  override readonly name = 'WireRefusal';

  constructor(
    readonly wireCode: WireErrorCode,
    message = SAID[wireCode],
    readonly details: Details = {},
  ) {
    super(message);
  }
}

/** The `error` message of a refusal; of the request it says what could be read of it. */
export function errorMessage(
  { wireCode: code, message, details }: WireRefusal,
  request: Pick<ErrorMessage, 'id' | 'action' | 'channel'>,
): ErrorMessage {
  return { type: 'error', ...request, code, message, retry: RETRYABLE_WIRE_ERRORS.has(code), ...details };
}

/** The refusal of a message that a listener's schema does not take. */
export function invalidMessage({ issues }: InvalidMessageError): WireRefusal {
  return new WireRefusal('invalid-message', undefined, { issues });
}
