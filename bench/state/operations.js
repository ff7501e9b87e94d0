import { channelOf } from './population.js';

const OTHER_CHANNEL = 'lobby';

/**
 * Every operation on one connection, in an order in which each finds what it needs and the last leaves nothing behind: `run` takes a store
 * and a connection with its index, and resolves what `expected` says. Those without a name put something back, unmeasured.
 */
export const operations = [
  { name: 'connect', run: (store, { connection }) => store.add(connection), expected: true },
  { name: 'ensure', run: (store, { connection }) => store.ensure(connection), expected: 'present' },
  {
    name: 'join',
    run: (store, { connectionId, index }) => store.join(connectionId, channelOf(index)),
    expected: 'joined',
  },
  {
    name: 'find',
    run: async (store, { connectionId }) => (await store.findMany([connectionId]))[0].channels.length,
    expected: 1,
  },
  { name: 'of a user', run: async (store, { userId }) => (await store.connectionsOfUser(userId)).length, expected: 1 },
  { name: 'touch', run: (store, { connectionId }) => store.touch(connectionId, Date.now()), expected: undefined },
  { run: (store, { connectionId }) => store.join(connectionId, OTHER_CHANNEL), expected: 'joined' },
  { name: 'leave', run: (store, { connectionId }) => store.leave(connectionId, OTHER_CHANNEL), expected: 'left' },
  {
    name: 'disconnect',
    run: async (store, { connectionId }) => (await store.remove(connectionId)).channels.length,
    expected: 1,
  },
];
