import type { Connection } from '../../../contracts/connection.js';
import type { ConnectionStore, JoinLimits } from '../../../contracts/connection.store.js';
import type { ManualClock } from '../../manual.clock.js';
import { collect } from '../store.harness.js';

/** Something to do with a store. Resolves to its answer; lists come sorted. */
export type Operation = (store: ConnectionStore, clock: ManualClock) => Promise<unknown>;

export function connectionOf(connectionId: string, clock: ManualClock, userId: string | null = null): Connection {
  return { connectionId, connectedAt: clock.now(), userId, routeKey: '$connect', channels: [], endpoint: null };
}

export const add =
  (id: string, userId: string | null): Operation =>
  (store, clock) =>
    store.add(connectionOf(id, clock, userId));

export const ensure =
  (id: string, userId: string | null): Operation =>
  (store, clock) =>
    store.ensure(connectionOf(id, clock, userId));

export const remove =
  (id: string): Operation =>
  (store) =>
    store.remove(id);

export const find =
  (...ids: readonly string[]): Operation =>
  (store) =>
    store.findMany(ids);

export const join =
  (id: string, channel: string, limits?: JoinLimits): Operation =>
  (store) =>
    store.join(id, channel, limits);

export const leave =
  (id: string, channel: string): Operation =>
  (store) =>
    store.leave(id, channel);

export const touch =
  (id: string, agoMs = 0): Operation =>
  (store, clock) =>
    store.touch(id, clock.now() - agoMs);

/** Everything on the pages of a list. */
export const list =
  (pagesOf: (store: ConnectionStore, clock: ManualClock) => AsyncIterable<readonly unknown[]>): Operation =>
  async (store, clock) =>
    (await collect(pagesOf(store, clock)))
      .map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
      .sort();

/** Ends whatever has not been seen for `ms`. Resolves to the ids that it ended itself. */
export const sweep =
  (ms: number): Operation =>
  async (store, clock) => {
    const ended: string[] = [];
    for (const id of await collect(store.staleBefore(clock.now() - ms))) {
      if ((await store.remove(id)) !== null) ended.push(id);
    }
    return ended.sort();
  };

export const wait =
  (ms: number): Operation =>
  (_, clock) =>
    clock.advance(ms);

/** One operation after another. */
export function inTurn(...operations: readonly Operation[]): Operation {
  return async (store, clock) => {
    for (const operation of operations) await operation(store, clock);
  };
}
