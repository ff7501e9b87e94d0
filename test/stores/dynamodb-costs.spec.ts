import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { costOf, type Cost } from '../support/dynamodb.cost.js';
import { DynamoDbSubject } from '../support/dynamodb.subject.js';

describe('what operations cost', () => {
  let subject: DynamoDbSubject;
  let store: ConnectionStore;

  beforeAll(async () => {
    subject = await DynamoDbSubject.start();
  });
  beforeEach(() => {
    subject.reset();
    store = subject.store({ partitions: 8 });
  });
  afterAll(() => subject.stop());

  const add = (id: string, userId: string | null = 'ada'): Promise<boolean> => {
    const endpoint = 'https://abc123.execute-api.eu-west-1.amazonaws.com/production';
    return store.add(subject.connection(`JfWMyfKWDoECHAw=${id}`, { userId, endpoint }));
  };

  /** Connections in one channel. */
  const members = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      await add(String(index));
      await store.join(`JfWMyfKWDoECHAw=${index}`, 'news');
    }
  };

  const costs: [title: string, prepare: () => Promise<unknown>, run: () => Promise<unknown>, expected: Cost][] = [
    ['a connect of a user', async () => undefined, () => add('a'), { requests: 2, readUnits: 0, writeUnits: 2 }],
    [
      'a connect without a user',
      async () => undefined,
      () => add('a', null),
      { requests: 1, readUnits: 0, writeUnits: 1 },
    ],
    [
      'a message of a connection that is known',
      () => add('a'),
      () => store.ensure(subject.connection('JfWMyfKWDoECHAw=a')),
      { requests: 1, readUnits: 1, writeUnits: 0 },
    ],
    [
      'a join',
      () => add('a'),
      () => store.join('JfWMyfKWDoECHAw=a', 'news', { maxChannels: 100 }),
      { requests: 3, readUnits: 1, writeUnits: 2 },
    ],
    [
      'a join with a limit that is far away',
      () => members(3),
      async () => store.join('JfWMyfKWDoECHAw=1', 'sport', { maxMembers: 100 }),
      { requests: 14, readUnits: 10, writeUnits: 4 },
    ],
    [
      'a leave',
      () => members(1),
      () => store.leave('JfWMyfKWDoECHAw=0', 'news'),
      { requests: 2, readUnits: 0, writeUnits: 2 },
    ],
    [
      'a disconnect of a user in one channel',
      () => members(1),
      () => store.remove('JfWMyfKWDoECHAw=0'),
      { requests: 3, readUnits: 0, writeUnits: 3 },
    ],
    [
      'a touch of a user in one channel',
      () => members(1),
      () => store.touch('JfWMyfKWDoECHAw=0', subject.clock.now()),
      { requests: 4, readUnits: 1, writeUnits: 3 },
    ],
    [
      'a lookup',
      () => add('a'),
      () => store.findMany(['JfWMyfKWDoECHAw=a']),
      { requests: 1, readUnits: 1, writeUnits: 0 },
    ],
    [
      'the members of a channel with 20',
      () => members(20),
      () => collect(store.members('news')),
      { requests: 9, readUnits: 28, writeUnits: 0 },
    ],
    [
      "a user's 20 connections",
      () => members(20),
      () => store.connectionsOfUser('ada'),
      { requests: 2, readUnits: 21, writeUnits: 0 },
    ],
    [
      'all connections, of 20',
      () => members(20),
      () => collect(store.connections()),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
    [
      'a sweep that finds nothing, of 20',
      () => members(20),
      () => collect(store.staleBefore(0)),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
    [
      'the count of connections, of 20',
      () => members(20),
      () => store.countConnections(),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
    [
      'the channels, of 20 connections',
      () => members(20),
      () => collect(store.channels()),
      { requests: 32, readUnits: 32, writeUnits: 0 },
    ],
  ];

  it.each(costs)('%s', async (_, prepare, run, expected) => {
    await prepare();
    await expect(costOf(subject, run)).resolves.toEqual(expected);
  });
});
