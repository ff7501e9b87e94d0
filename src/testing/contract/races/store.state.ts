import { deepEqual } from 'node:assert/strict';
import type { Connection } from '../../../contracts/connection.js';
import type { ConnectionStore } from '../../../contracts/connection.store.js';
import { collect } from '../store.harness.js';

/** The names that a test uses; what a store says of others is not looked at, unless it lists them. */
export interface Names {
  readonly ids: readonly string[];
  readonly users: readonly string[];
  readonly channels: readonly string[];
}

type Lists = readonly (readonly [name: string, ids: readonly string[]])[];

/** All that a store can be asked about, in a fixed order. */
export interface StoreState {
  readonly connections: readonly Connection[];
  readonly listed: readonly string[];
  readonly count: number;
  readonly ofUsers: Lists;
  readonly inChannels: Lists;
  readonly occupancies: readonly string[];
  /** Who was last seen before now, and who up to now. */
  readonly stale: readonly (readonly string[])[];
}

/** Asks a store about everything. */
export async function readState(store: ConnectionStore, names: Names, now: number): Promise<StoreState> {
  const [listed, count, ofUsers, inChannels, occupancies, stale] = await Promise.all([
    sorted(store.connections()),
    store.countConnections(),
    listsOf(names.users, async (user) => (await store.connectionsOfUser(user)).sort()),
    listsOf(names.channels, (channel) => sorted(store.members(channel))),
    collect(store.channels()),
    Promise.all([now, now + 1].map((instant) => sorted(store.staleBefore(instant)))),
  ]);
  const connections = await store.findMany([...new Set([...names.ids, ...listed])].sort());
  const alive = new Map<string, Connection>();
  for (const connection of connections) if (connection !== null) alive.set(connection.connectionId, connection);
  return {
    connections: [...alive.values()],
    listed,
    count,
    ofUsers,
    inChannels,
    occupancies: occupancies.map(({ channel, members }) => `${members} in ${channel}`).sort(),
    // Ids of connections that are gone may be among them.
    stale: stale.map((ids) => ids.filter((connectionId) => alive.has(connectionId))),
  };
}

/** Every list and every count says what the records say. */
export function expectAgreement({
  connections,
  listed,
  count,
  ofUsers,
  inChannels,
  occupancies,
  stale,
}: StoreState): void {
  const idsWhere = (holds: (connection: Connection) => boolean): string[] =>
    connections.filter(holds).map(({ connectionId }) => connectionId);
  const channels = [...new Set(connections.flatMap((connection) => connection.channels))];
  const membersOf = (channel: string): string[] => idsWhere((connection) => connection.channels.includes(channel));
  deepEqual(
    { listed, count, ofUsers, inChannels, occupancies, seenUpToNow: stale.at(-1) },
    {
      listed: idsWhere(() => true),
      count: connections.length,
      ofUsers: ofUsers.map(([user]) => [user, idsWhere(({ userId }) => userId === user)]),
      inChannels: inChannels.map(([channel]) => [channel, membersOf(channel)]),
      occupancies: channels.map((channel) => `${membersOf(channel).length} in ${channel}`).sort(),
      seenUpToNow: idsWhere(() => true),
    },
  );
}

/** The same text for equal values: a store may give the fields of a record in any order. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort())
      : part,
  );
}

async function listsOf(names: readonly string[], ids: (name: string) => Promise<string[]>): Promise<Lists> {
  return Promise.all(names.map(async (name) => [name, await ids(name)] as const));
}

async function sorted(pages: AsyncIterable<readonly string[]>): Promise<string[]> {
  return (await collect(pages)).sort();
}
