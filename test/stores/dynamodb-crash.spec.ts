import { describe, expect, it } from '@jest/globals';
import type { ConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb, type Item } from '../support/dynamodb.subject.js';

const MINUTE_MS = 60_000;
const CHANNELS = ['news', 'sport'];
const USERS = ['ada', 'eve'];

describe('a process that dies', () => {
  const subject = useDynamoDb();

  /** What its record says of every connection, after a check that every list says the same. */
  const agreed = async (store: ConnectionStore): Promise<string[]> => {
    const records = (await store.findMany(['a', 'b'])).filter((connection) => connection !== null);
    const idsWhere = (holds: (connection: (typeof records)[number]) => boolean): string[] =>
      records.filter(holds).map(({ connectionId }) => connectionId);
    expect((await collect(store.connections())).sort()).toEqual(idsWhere(() => true));
    expect((await collect(store.staleBefore(subject.clock.now() + 2))).sort()).toEqual(idsWhere(() => true));
    await expect(store.countConnections()).resolves.toBe(records.length);
    for (const user of USERS) {
      expect((await store.connectionsOfUser(user)).sort()).toEqual(idsWhere(({ userId }) => userId === user));
    }
    const counts = Object.fromEntries(
      (await collect(store.channels())).map(({ channel, members }) => [channel, members]),
    );
    for (const channel of CHANNELS) {
      const members = idsWhere(({ channels }) => channels.includes(channel));
      expect((await collect(store.members(channel))).sort()).toEqual(members);
      expect(counts[channel] ?? 0).toBe(members.length);
    }
    return records.map(({ connectionId, userId, channels }) => [connectionId, userId ?? '-', ...channels].join(' '));
  };

  /** Items that point at nothing. Fails when something that should point at a connection does not, or is gone before it. */
  const strays = async (): Promise<Item[]> => {
    const pointers = [...(await subject.items('users')), ...(await subject.items('channels'))];
    const used = new Set<Item | undefined>();
    for (const { sk, userId, channels, expiresAt, removedAt } of await subject.items('connections')) {
      if (removedAt !== undefined) continue;
      for (const name of [`users:${userId?.S}`, ...Object.keys(channels?.M ?? {})]) {
        const pointer = pointers.find((each) => each['pk']?.S?.endsWith(name) && each['sk']?.S === sk?.S);
        expect(Number(pointer?.['ttl']?.N) * 1_000).toBeGreaterThan(Number(expiresAt?.N));
        used.add(pointer);
      }
    }
    return pointers.filter((pointer) => !used.has(pointer));
  };

  const here = async (store: ConnectionStore): Promise<void> => {
    await store.add(subject.connection('a', { userId: 'ada' }));
    await store.add(subject.connection('b', { userId: 'eve' }));
    await store.join('a', 'news');
    await store.join('b', 'news');
  };

  /** What each operation makes of the connection `a`. */
  const operations: Record<
    string,
    {
      readonly prepare: (store: ConnectionStore) => Promise<unknown>;
      readonly run: (store: ConnectionStore) => Promise<unknown>;
      readonly before: string;
      readonly after: string;
    }
  > = {
    'registering a connection': {
      prepare: async () => undefined,
      run: (store) => store.add(subject.connection('a', { userId: 'ada' })),
      before: '',
      after: 'a ada',
    },
    'registering a connection under the id of one that has just ended': {
      prepare: async (store) => {
        await here(store);
        await store.remove('a');
        await store.remove('b');
      },
      run: (store) => store.add(subject.connection('a', { userId: 'eve' })),
      before: '',
      after: 'a eve',
    },
    'restoring a connection': {
      prepare: async () => undefined,
      run: (store) => store.ensure(subject.connection('a', { userId: 'ada' })),
      before: '',
      after: 'a ada',
    },
    'removing a connection': {
      prepare: async (store) => {
        await here(store);
        await store.join('a', 'sport');
        await store.remove('b');
      },
      run: (store) => store.remove('a'),
      before: 'a ada news sport',
      after: '',
    },
    'joining a channel': {
      prepare: async (store) => {
        await here(store);
        await store.remove('b');
      },
      run: (store) => store.join('a', 'sport'),
      before: 'a ada news',
      after: 'a ada news sport',
    },
    'joining a channel that has room for one': {
      prepare: async (store) => {
        await here(store);
        await store.remove('b');
      },
      run: (store) => store.join('a', 'sport', { maxMembers: 1 }),
      before: 'a ada news',
      after: 'a ada news sport',
    },
    'leaving a channel': {
      prepare: async (store) => {
        await here(store);
        await store.remove('b');
      },
      run: (store) => store.leave('a', 'news'),
      before: 'a ada news',
      after: 'a ada',
    },
    'seeing a connection': {
      prepare: async (store) => {
        await here(store);
        await store.remove('b');
        await subject.clock.advance(20 * 60 * MINUTE_MS);
      },
      run: (store) => store.touch('a', subject.clock.now() + 1),
      before: 'a ada news',
      after: 'a ada news',
    },
  };

  const deaths = Object.entries(operations).flatMap(([title, operation]) =>
    (['before', 'after'] as const).map((when) => ({ title, when, ...operation })),
  );

  it.each(deaths)(
    '$when any request of $title leaves every reader right',
    async ({ when, prepare, run, before, after }) => {
      const answers = new Set<string>();
      for (let fatal = 0, isOver = false; !isOver; fatal++) {
        subject.reset();
        const healthy = subject.store({ expireAfterSeconds: 90_000 });
        await prepare(healthy);
        const dying = subject.store({ expireAfterSeconds: 90_000 });
        const requests = subject.dieAt(fatal, when);
        await run(dying).catch(() => undefined);
        subject.interceptor = null;
        // Until the operation gets through without coming to the fatal request.
        isOver = requests() <= fatal;

        await strays();
        const [state = ''] = await agreed(healthy);
        answers.add(state);
        expect([before, after]).toContain(state);
        // Pointers that nobody can be about to use any more are deleted by those who come by.
        await subject.clock.advance(MINUTE_MS);
        await expect(agreed(healthy)).resolves.toEqual(state === '' ? [] : [state]);
        await expect(strays()).resolves.toEqual([]);
        // The same again, by somebody else, does what it is to do.
        await run(healthy);
        await expect(agreed(healthy)).resolves.toEqual(after === '' ? [] : [after]);
      }
      expect(answers).toContain(after);
    },
  );

  it('with a seat in a channel that is almost full gives it up after a few seconds', async () => {
    const healthy = subject.store();
    await here(healthy);
    subject.interceptor = (command, perform) => {
      if (command === 'UpdateItem') throw new Error('The process has died.');
      return perform();
    };
    await expect(subject.store().join('a', 'sport', { maxMembers: 1 })).rejects.toThrow('failed to join');
    subject.interceptor = null;
    await expect(healthy.join('b', 'sport', { maxMembers: 1 })).resolves.toBe('full');
    await subject.clock.advance(8_000);
    await expect(healthy.join('b', 'sport', { maxMembers: 1 })).resolves.toBe('joined');
  });

  it('is survived by no tombstone and no expired record once a sweep has passed', async () => {
    const store = subject.store();
    await here(store);
    await store.remove('a');
    await collect(store.staleBefore(subject.clock.now()));
    await expect(subject.items('connections')).resolves.toHaveLength(2);
    await subject.clock.advance(2 * MINUTE_MS);
    await collect(store.staleBefore(subject.clock.now()));
    await expect(subject.items('connections')).resolves.toHaveLength(1);
    await subject.clock.advance(10 * MINUTE_MS);
    await collect(store.staleBefore(subject.clock.now()));
    await expect(subject.items('connections')).resolves.toEqual([]);
  });
});
