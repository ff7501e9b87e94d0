import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import type { ManualClock } from '../support/manual.clock.js';
import { connectionOf } from './operations.js';
import { expectAgreement, readState, type Names, type StoreState } from './store.state.js';

/** Somebody whom no test has met before. */
const LATECOMER = 'latecomer';

/**
 * What later operations make of a state. It brings to light what no list shows: a removal that was not remembered, a place in a channel that nobody
 * has, a membership that waits for its connection to come back.
 */
export async function aftermathOf(
  store: ConnectionStore,
  { listed, inChannels }: StoreState,
  names: Names,
  clock: ManualClock,
): Promise<readonly unknown[]> {
  const answers: string[] = [];
  for (const id of [...names.ids, LATECOMER].filter((each) => !listed.includes(each))) {
    answers.push(`${id} ${await store.ensure(connectionOf(id, clock))}`);
  }
  for (const [channel, { length }] of inChannels) {
    // With as many members as there are it is full, unless there are fewer than it says; with one more it is not, unless there are more.
    for (const maxMembers of [length, length + 1].filter(Boolean)) {
      answers.push(`${channel} ${await store.join(LATECOMER, channel, { maxMembers })}`);
    }
  }
  const state = await readState(store, { ...names, ids: [...names.ids, LATECOMER] }, clock.now());
  expectAgreement(state);
  return [...answers, state];
}
