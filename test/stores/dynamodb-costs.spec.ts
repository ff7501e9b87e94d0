import { describe } from '@jest/globals';
import { collect } from '../contract/store.harness.js';
import { idOf, useCostedStore } from '../support/costed.store.js';

describe('what operations cost', () => {
  const costed = useCostedStore();

  costed.itCharges([
    ['a connect of a user', async () => undefined, () => costed.add('a'), { requests: 2, readUnits: 0, writeUnits: 2 }],
    [
      'a connect without a user',
      async () => undefined,
      () => costed.add('a', null),
      { requests: 1, readUnits: 0, writeUnits: 1 },
    ],
    [
      'a message of a connection that is known',
      () => costed.add('a'),
      () => costed.store.ensure(costed.subject.connection(idOf('a'))),
      { requests: 1, readUnits: 1, writeUnits: 0 },
    ],
    [
      'a join',
      () => costed.add('a'),
      () => costed.store.join(idOf('a'), 'news', { maxChannels: 100 }),
      { requests: 3, readUnits: 1, writeUnits: 2 },
    ],
    [
      'a join with a limit that is far away',
      () => costed.addMembers(3),
      async () => costed.store.join(idOf(1), 'sport', { maxMembers: 100 }),
      { requests: 14, readUnits: 10, writeUnits: 4 },
    ],
    [
      'a leave',
      () => costed.addMembers(1),
      () => costed.store.leave(idOf(0), 'news'),
      { requests: 2, readUnits: 0, writeUnits: 2 },
    ],
    [
      'a disconnect of a user in one channel',
      () => costed.addMembers(1),
      () => costed.store.remove(idOf(0)),
      { requests: 3, readUnits: 0, writeUnits: 3 },
    ],
    [
      'a touch of a user in one channel',
      () => costed.addMembers(1),
      () => costed.store.touch(idOf(0), costed.subject.clock.now()),
      { requests: 4, readUnits: 1, writeUnits: 3 },
    ],
    [
      'a lookup',
      () => costed.add('a'),
      () => costed.store.findMany([idOf('a')]),
      { requests: 1, readUnits: 1, writeUnits: 0 },
    ],
    [
      'the members of a channel with 20',
      () => costed.addMembers(20),
      () => collect(costed.store.members('news')),
      { requests: 9, readUnits: 28, writeUnits: 0 },
    ],
    [
      "a user's 20 connections",
      () => costed.addMembers(20),
      () => costed.store.connectionsOfUser('ada'),
      { requests: 2, readUnits: 21, writeUnits: 0 },
    ],
    [
      'all connections, of 20',
      () => costed.addMembers(20),
      () => collect(costed.store.connections()),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
    [
      'a sweep that finds nothing, of 20',
      () => costed.addMembers(20),
      () => collect(costed.store.staleBefore(0)),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
    [
      'the count of connections, of 20',
      () => costed.addMembers(20),
      () => costed.store.countConnections(),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
    [
      'the channels, of 20 connections',
      () => costed.addMembers(20),
      () => collect(costed.store.channels()),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
  ]);
});
