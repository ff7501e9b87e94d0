/** Someone in a channel, however many connections they are in it with. */
export interface PresenceEntry {
  /** The user of the connection; the connection's own id where it has no user. */
  readonly memberId: string;
  /** What the others may know of them, as JSON. */
  readonly info: string;
}

/** Someone who is about to be in a channel. */
export interface EnteringMember {
  readonly memberId: string;
  /** What the others may know of them, as JSON; `null` leaves what is known of a member who is there, and tells nothing of another. */
  readonly info: string | null;
}

/**
 * What became of an entry. `appeared`: the member was not there before; `present`: they were, with another connection, or with this one;
 * `not-in-channel`: the store knows of no such connection in the channel, and nothing changed.
 */
export type EnterResult = 'appeared' | 'present' | 'not-in-channel';

/** What became of an exit. `vanished`: it was the member's last connection; `present`: they have another; `absent`: they were not there by this one. */
export type ExitResult = 'vanished' | 'present' | 'absent';

/**
 * Who is in which channel, counted by member: a user with three tabs is there once, from the first to the last.
 *
 * Each operation is one atomic step however many processes run it at once, may be repeated when its answer got lost, and rejects with
 * `StoreUnavailableError` when the store cannot answer. A connection counts only while the store has it in the channel: what a process that died left
 * behind makes nobody appear present, neither to readers nor to {@link enter}.
 */
export abstract class PresenceLedger {
  /** Counts a connection that is in the channel as one of the member's, whose info, if there is one, is from now on this one. */
  abstract enter(channel: string, connectionId: string, entry: EnteringMember): Promise<EnterResult>;

  /** Counts a connection no longer; it may have left the channel, or ended, already. */
  abstract exit(channel: string, connectionId: string, memberId: string): Promise<ExitResult>;

  /** The members of a channel, page by page, each once in a page; one may repeat when the set changes meanwhile. */
  abstract members(channel: string): AsyncIterable<readonly PresenceEntry[]>;

  /** How many members a channel has. */
  abstract count(channel: string): Promise<number>;
}
