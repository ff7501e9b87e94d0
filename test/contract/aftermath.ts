import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import type { ManualClock } from '../support/manual.clock.js';
import { connectionOf } from './operations.js';
import { readState, type Names, type StoreState } from './store.state.js';

/** Somebody whom no test has met before. */
const LATECOMER = 'latecomer';

/**
 * What later operations make of a state, and what is left once everybody has gone: it brings to light what no list shows, such as a removal that
 * was not remembered, a place in a channel that nobody has, and a membership that outlives its connection.
 */
export async function aftermathOf(
  store: ConnectionStore,
  state: StoreState,
  names: Names,
  clock: ManualClock,
): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  const ids = [...names.ids, LATECOMER];
  for (const id of ids) answers.push(`${await store.ensure(connectionOf(id, clock))} ${id}`);
  for (const [channel, members] of state.inChannels) {
    for (const maxMembers of [members.length, members.length + 1].filter(Boolean)) {
      answers.push(`${await store.join(LATECOMER, channel, { maxMembers })} ${channel}`);
    }
  }
  for (const id of ids) answers.push((await store.remove(id))?.channels ?? null);
  const left = await readState(store, { ...names, ids }, clock.now());
  return [...answers, left];
}
