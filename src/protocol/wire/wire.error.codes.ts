/** Why a request was refused, for programs: the `code` of an `error` message. `docs/protocol.md` says when each comes, and what to do. */
export const WireErrorCodes = Object.freeze([
  'bad-request',
  'invalid-message',
  'unsupported-protocol',
  'forbidden',
  'not-subscribed',
  'channel-full',
  'too-many-channels',
  'too-large',
  'rate-limited',
  'duplicate',
  'unknown-event',
  'unknown-request',
  'unavailable',
  'internal',
] as const);

export type WireErrorCode = (typeof WireErrorCodes)[number];

/** Those that the same request may not meet again later. */
export const RETRYABLE_WIRE_ERRORS: ReadonlySet<WireErrorCode> = new Set<WireErrorCode>([
  'channel-full',
  'rate-limited',
  'unavailable',
  'internal',
]);
