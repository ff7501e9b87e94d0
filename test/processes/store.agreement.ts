import { expect } from '@jest/globals';
import type { Connection, ConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';

/** What a store says of all connections, by each of the ways to ask it. */
export interface StoreAnswers {
  readonly connections: readonly Connection[];
  readonly membersOf: ReadonlyMap<string, readonly string[]>;
}

/** Who to ask about. */
export interface Names {
  readonly connectionIds: readonly string[];
  readonly userIds: readonly string[];
  readonly channels: readonly string[];
}

/** Expects that records, the list of all, the index of users, channels and all counts say the same, and returns what that is. */
export async function expectAgreement(store: ConnectionStore, names: Names): Promise<StoreAnswers> {
  const found = await store.findMany(names.connectionIds);
  const connections = found.filter((connection) => connection !== null);
  const idsWhere = (test: (connection: Connection) => boolean) =>
    connections
      .filter(test)
      .map(({ connectionId }) => connectionId)
      .toSorted();

  expect(distinct(await collect(store.connections()))).toEqual(idsWhere(() => true));
  expect(await store.countConnections()).toBe(connections.length);
  for (const userId of names.userIds) {
    const ids = await store.connectionsOfUser(userId);
    expect([userId, ids.toSorted()]).toEqual([userId, idsWhere((connection) => connection.userId === userId)]);
  }
  const membersOf = new Map<string, readonly string[]>();
  for (const channel of names.channels) {
    const members = idsWhere(({ channels }) => channels.includes(channel));
    membersOf.set(channel, members);
    expect([channel, distinct(await collect(store.members(channel)))]).toEqual([channel, members]);
  }
  const counts = (await collect(store.channels())).map(({ channel, members }) => `${members} in ${channel}`);
  const occupied = [...membersOf].filter(([, members]) => members.length > 0);
  expect(distinct(counts)).toEqual(occupied.map(([channel, { length }]) => `${length} in ${channel}`).toSorted());
  return { connections, membersOf };
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)].toSorted();
}
