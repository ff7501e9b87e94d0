import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { partialEqual } from '../partial.equal.js';
import {
  add,
  ensure,
  find,
  inTurn,
  join,
  leave,
  list,
  remove,
  sweep,
  touch,
  wait,
  type Operation,
} from './operations.js';
import type { Race } from './race.js';

const here = inTurn(add('a', 'ada'), join('a', 'news'));
const bothHere = inTurn(here, add('b', 'eve'));

/** Lists everything that a list can name, while it changes. */
const readAll: Operation = async (store, clock) => ({
  connections: await list(() => store.connections())(store, clock),
  members: await list(() => store.members('news'))(store, clock),
  ofAda: (await store.connectionsOfUser('ada')).sort(),
  channels: await list(() => store.channels())(store, clock),
});

const count = (answers: readonly unknown[], answer: unknown): number =>
  answers.filter((each) => each === answer).length;

/**
 * What operations do to each other, by what may go wrong. The reference model knows every outcome that is right; `verify` says what matters.
 */
export const RACES: Readonly<Record<string, Omit<Race, 'names'> & { readonly goesByClock?: boolean }>> = {
  'a join and the removal: no member outlives its connection, and the removal knows of every join': {
    prepare: add('a', 'ada'),
    actors: { join: join('a', 'news'), remove: remove('a') },
    verify: ([joined, removed], { inChannels }) => {
      partialEqual(removed, { channels: joined === 'joined' ? ['news'] : [] });
      deepEqual(inChannels, [
        ['news', []],
        ['sport', []],
      ]);
    },
  },
  'two joins and the removal': {
    prepare: add('a', 'ada'),
    actors: { news: join('a', 'news'), sport: join('a', 'sport'), remove: remove('a') },
  },
  'a join, the removal, and a message that heals in between': {
    prepare: add('a', 'ada'),
    actors: { join: join('a', 'news'), remove: remove('a'), ensure: ensure('a', 'ada') },
    verify: (_, { connections }) => deepEqual(connections, []),
  },
  'two removals: one of them is given the connection, with its channels': {
    prepare: inTurn(here, join('a', 'sport')),
    actors: { remove: remove('a'), 'remove again': remove('a') },
    verify: (answers) => {
      equal(count(answers, null), 1);
      partialEqual(
        answers.find((answer) => answer !== null),
        { channels: ['news', 'sport'] },
      );
    },
  },
  'three removals': {
    prepare: here,
    actors: { one: remove('a'), two: remove('a'), three: remove('a') },
    verify: (answers) => equal(count(answers, null), 2),
  },
  'two registrations of one id: the user of the one that came second has no connection': {
    prepare: inTurn(),
    actors: { ada: add('a', 'ada'), eve: add('a', 'eve') },
    verify: ([ada, eve], { ofUsers }) => {
      deepEqual([ada, eve].sort(), [false, true]);
      deepEqual(ofUsers, [
        ['ada', ada === true ? ['a'] : []],
        ['eve', eve === true ? ['a'] : []],
      ]);
    },
  },
  'registrations of two ids: none is lost': {
    prepare: inTurn(),
    actors: { a: add('a', 'ada'), b: add('b', 'ada') },
    verify: (_, { listed }) => deepEqual(listed, ['a', 'b']),
  },
  'two messages of a forgotten connection: it is restored once': {
    prepare: inTurn(),
    actors: { one: ensure('a', 'ada'), two: ensure('a', 'ada') },
    verify: (answers) => deepEqual(answers.toSorted(), ['present', 'restored']),
  },
  'a message and a registration': {
    prepare: inTurn(),
    actors: { ensure: ensure('a', 'ada'), add: add('a', 'ada') },
  },
  'a message and the removal: a message in flight does not bring the connection back': {
    prepare: here,
    actors: { ensure: ensure('a', 'ada'), remove: remove('a') },
    verify: ([, removed], { connections }) => {
      notEqual(removed, null);
      deepEqual(connections, []);
    },
  },
  'two messages and the removal': {
    prepare: here,
    actors: { one: ensure('a', 'ada'), two: ensure('a', 'ada'), remove: remove('a') },
    verify: (_, { connections }) => deepEqual(connections, []),
  },
  'a leave and a join of one connection and channel': {
    prepare: here,
    actors: { leave: leave('a', 'news'), join: join('a', 'news') },
    verify: (answers) => equal(answers[0], 'left'),
  },
  'two leaves': {
    prepare: here,
    actors: { leave: leave('a', 'news'), 'leave again': leave('a', 'news') },
    verify: (answers) => deepEqual(answers.toSorted(), ['left', 'not-a-member']),
  },
  'a leave and the removal': {
    prepare: here,
    actors: { leave: leave('a', 'news'), remove: remove('a') },
  },
  'the leave of the last member and the join of another: the channel does not vanish': {
    prepare: bothHere,
    actors: { leave: leave('a', 'news'), join: join('b', 'news') },
    verify: (_, { occupancies }) => deepEqual(occupancies, ['1 in news']),
  },
  'the removal of the last member and the join of another': {
    prepare: bothHere,
    actors: { remove: remove('a'), join: join('b', 'news') },
    verify: (_, { occupancies }) => deepEqual(occupancies, ['1 in news']),
  },
  'two joins of a channel with one place': {
    prepare: inTurn(add('a', 'ada'), add('b', 'eve')),
    actors: { a: join('a', 'news', { maxMembers: 1 }), b: join('b', 'news', { maxMembers: 1 }) },
    verify: (answers) => deepEqual(answers.toSorted(), ['full', 'joined']),
  },
  'two joins of a channel with one place that is given up': {
    prepare: bothHere,
    actors: {
      leave: leave('a', 'news'),
      a: join('a', 'news', { maxMembers: 1 }),
      b: join('b', 'news', { maxMembers: 1 }),
    },
  },
  'two joins of a connection that may be in one channel': {
    prepare: add('a', 'ada'),
    actors: { news: join('a', 'news', { maxChannels: 1 }), sport: join('a', 'sport', { maxChannels: 1 }) },
    verify: (answers) => deepEqual(answers.toSorted(), ['joined', 'limit']),
  },
  'two joins of one channel: one of them is told so': {
    prepare: add('a', 'ada'),
    actors: { one: join('a', 'news'), two: join('a', 'news') },
    verify: (answers) => deepEqual(answers.toSorted(), ['already', 'joined']),
  },
  'a touch and the removal: no ghost is left': {
    prepare: here,
    actors: { touch: touch('a'), remove: remove('a') },
    verify: (_, { connections }) => deepEqual(connections, []),
  },
  'a touch and a join': {
    prepare: inTurn(here, wait(90_000)),
    actors: { touch: touch('a'), join: join('a', 'sport') },
    verify: (_, { stale }) => deepEqual(stale[0], []),
  },
  'a sweep and a touch: the connection is there as a whole or not at all': {
    prepare: inTurn(here, wait(90_000)),
    actors: { sweep: sweep(60_000), touch: touch('a') },
  },
  'two sweeps: each stale connection is ended once': {
    prepare: inTurn(bothHere, wait(90_000)),
    actors: { one: sweep(60_000), two: sweep(60_000) },
    verify: (answers, { connections }) => {
      deepEqual((answers as string[][]).flat().sort(), ['a', 'b']);
      deepEqual(connections, []);
    },
  },
  'the removal and a new registration of the same id': {
    prepare: here,
    actors: { remove: remove('a'), add: add('a', 'eve') },
    verify: ([removed]) => partialEqual(removed, { userId: 'ada', channels: ['news'] }),
  },
  'a message and a removal of a connection that was removed more than a minute ago': {
    goesByClock: true,
    prepare: inTurn(here, remove('a'), wait(60_000)),
    actors: { ensure: ensure('a', 'ada'), remove: remove('a') },
    verify: ([ensured]) => equal(ensured, 'restored'),
  },
  'a look at a connection while it joins, leaves and ends': {
    prepare: here,
    actors: { find: find('a'), join: join('a', 'sport'), remove: remove('a') },
  },
  'a look at all lists while others join, are seen and end: nobody who stays is missed': {
    prepare: inTurn(bothHere, join('b', 'news')),
    actors: { read: readAll, touch: touch('a'), remove: remove('b') },
    verify: ([answer]) => {
      const { connections, members, ofAda, channels } = answer as Record<string, string[]>;
      for (const list of [connections, members, ofAda]) ok(list?.includes('a'));
      equal(channels?.length, 1);
    },
  },
};
