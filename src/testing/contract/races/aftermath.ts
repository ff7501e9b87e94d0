import type { ConnectionStore } from '../../../contracts/connection.store.js';
import type { ManualClock } from '../../manual.clock.js';
import { connectionOf } from './operations.js';
import { collect } from '../store.harness.js';
import type { Names, StoreState } from './store.state.js';

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
  const ids = [...names.ids, LATECOMER];
  for (const id of ids.filter((each) => !listed.includes(each))) {
    answers.push(`${await store.ensure(connectionOf(id, clock))} ${id}`);
  }
  const join = async (channel: string, maxMembers: number): Promise<void> => {
    answers.push(`${await store.join(LATECOMER, channel, { maxMembers })} ${channel}`);
  };
  // A channel is full with as many members as it has, and has room for one more.
  const taken = inChannels.find(([, members]) => members.length > 0);
  if (taken !== undefined) await join(taken[0], taken[1].length);
  for (const [channel, members] of inChannels) await join(channel, members.length + 1);
  const members = inChannels.map(async ([channel]) => (await collect(store.members(channel))).sort());
  return [...answers, await store.findMany(ids), await Promise.all(members)];
}
