/** What the application of the suite promises, for the application and for those who test it. */
export const Facts = Object.freeze({
  /** `maxClients` of the channels `small.{name}`. */
  maxClients: 10,
  /** How many messages the channels `log.{name}` keep. */
  keptMessages: 5,
  /** How many channels one connection may be in. */
  maxChannels: 20,
  /** The largest message that is sent to a client, in bytes. */
  maxPayloadBytes: 16_384,
  /** Requests of one connection in a second, and how many at once after a rest. */
  requestsPerSecond: 25,
  requestBurst: 50,
  /** Whispers of one connection in a second. */
  whispersPerSecond: 5,
  /** What the event `rooms` answers. */
  rooms: Object.freeze(['room.1', 'room.2']),
});

/** What a client has to bring to be let into `private-board.{board}`. */
export function invitationTo(board: string): string {
  return `invited to ${board}`;
}
