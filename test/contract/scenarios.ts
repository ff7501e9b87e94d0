import {
  add,
  ensure,
  find,
  inTurn,
  join,
  leave,
  list,
  remove,
  touch,
  wait,
  type Operation,
} from '../../src/testing/contract/races/operations.js';
import type { Names } from '../../src/testing/contract/races/store.state.js';

/** Who is where before each scenario: `a` alone in "sport", and with `b` in "news"; `gone` has just been removed. */
export const PREPARED: Operation = inTurn(
  add('a', 'ada'),
  add('b', 'eve'),
  add('gone', 'ada'),
  join('a', 'news'),
  join('a', 'sport'),
  join('b', 'news'),
  remove('gone'),
  wait(30_000),
);

export const SCENARIO_NAMES: Names = {
  ids: ['a', 'b', 'c', 'gone'],
  users: ['ada', 'eve'],
  channels: ['news', 'sport', 'chess'],
};

type Scenarios = Readonly<Record<string, Operation>>;

/** Every operation that may change something, in each case that it tells apart. */
export const CHANGES: Scenarios = {
  'add of a new connection': add('c', 'ada'),
  'add of one that is there': add('a', 'eve'),
  'add of one that was removed': add('gone', 'eve'),
  'ensure of a forgotten connection': ensure('c', 'ada'),
  'ensure of one that is there': ensure('a', 'eve'),
  'ensure of one that was just removed': ensure('gone', 'eve'),
  'remove of a connection': remove('a'),
  'remove of nobody': remove('c'),
  'join of a channel': join('b', 'sport'),
  'join of a new channel': join('b', 'chess'),
  'join within limits': join('b', 'sport', { maxMembers: 2, maxChannels: 2 }),
  'join of a full channel': join('b', 'sport', { maxMembers: 1 }),
  'join beyond the limit of channels': join('b', 'sport', { maxChannels: 1 }),
  'join of a member': join('a', 'news'),
  'join of nobody': join('c', 'news'),
  'leave of a channel': leave('a', 'news'),
  'leave of the last member': leave('a', 'sport'),
  'leave of no member': leave('b', 'sport'),
  'leave of nobody': leave('c', 'news'),
  'touch of a connection': touch('a'),
  'touch of nobody': touch('c'),
};

/** Every operation that asks. */
export const READS: Scenarios = {
  findMany: find('a', 'c', 'b'),
  connections: list((store) => store.connections()),
  members: list((store) => store.members('news')),
  connectionsOfUser: async (store) => (await store.connectionsOfUser('ada')).sort(),
  staleBefore: list((store, clock) => store.staleBefore(clock.now())),
  channels: list((store) => store.channels()),
  countConnections: (store) => store.countConnections(),
  ping: (store) => store.ping(),
};
