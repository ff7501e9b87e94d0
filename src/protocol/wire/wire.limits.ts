/** What bounds the parts of a message of the protocol, beside the limits of names. */
export const WireLimits = Object.freeze({
  /** The longest `id` of a request, in characters of printable ASCII. */
  requestIdChars: 64,
  /** From this length on an id counts as unique among all clients, e.g. a UUID; shorter ones of an anonymous client are its connection's. */
  uniqueIdChars: 22,
  /** The longest `event` of a message, in characters. */
  eventChars: 100,
  /** The longest `epoch`, in characters. */
  epochChars: 64,
  /** How many of the last messages a client may ask for. */
  historyMessages: 100,
  /** How many members `subscribed` names, with its parts; `memberCount` says how many there are. */
  listedMembers: 1_000,
  /** For how long an `id` of a `publish` or `event` is remembered, in milliseconds. */
  requestMemoryMs: 300_000,
});
