import type { Connection } from '../../contracts/connection.js';

/** Told that a connection is out of a channel: it left, it ended or it expired. */
export type LeaveListener = (connectionId: string, channel: string) => void;

/** Asks a store that one process writes who is in which channel. */
export interface ChannelMemberships {
  /** Also forgets what has expired. */
  findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]>;

  /** Takes a step at a moment at which the connection is in the channel; nothing can take it out meanwhile. Resolves `false` when it is not in it. */
  whileIn(connectionId: string, channel: string, step: () => void): Promise<boolean>;

  /** Has somebody told of each that is out of a channel, in the same step. Absent where the store does not notice all of them. */
  observeLeaving?(listener: LeaveListener): boolean;
}

/** Those of the connections that are in the channel. */
export async function connectionsIn(
  memberships: ChannelMemberships,
  channel: string,
  connectionIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await memberships.findMany(connectionIds);
  return new Set(connectionIds.filter((_, index) => found[index]?.channels.includes(channel) === true));
}
