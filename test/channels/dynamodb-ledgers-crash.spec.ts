import { describe, expect, it } from '@jest/globals';
import type { ConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb, type Item } from '../support/dynamodb.subject.js';
import { joinedTo, present } from './ledgers.harness.js';

const LOBBY = 'presence-lobby';
const MINUTE_MS = 60_000;
const BOUNDS = { maxMessages: 2, maxAgeMs: 10 * MINUTE_MS };
const IS_WRITE = /^(Put|Update|Delete)Item$/;

interface Operation {
  readonly prepare: (store: ConnectionStore) => Promise<unknown>;
  readonly run: (store: ConnectionStore) => Promise<unknown>;
  readonly look: (store: ConnectionStore) => Promise<unknown>;
  /** What it answers when nothing comes in between. */
  readonly answer: unknown;
  /** What may be seen when it did not happen, and what when it did. */
  readonly before: unknown;
  readonly after: unknown;
  /** What may be seen when it is done by another once more, if that is not the same. */
  readonly repeated?: unknown;
}

describe('a process that dies within a ledger', () => {
  const subject = useDynamoDb();

  const store = (): ConnectionStore => subject.store({ expireAfterSeconds: 90_000 });

  const enter = (to: ConnectionStore, id: string, info = '{}'): Promise<unknown> =>
    present(to.presence()).enter(LOBBY, id, { memberId: 'ada', info });

  const exit = (from: ConnectionStore, id: string): Promise<unknown> => present(from.presence()).exit(LOBBY, id, 'ada');

  /** Connections of one member, who have entered. */
  const entered = async (to: ConnectionStore, ...ids: string[]): Promise<void> => {
    for (const id of ids) {
      await joinedTo({ store: to, clock: subject.clock }, id, [LOBBY]);
      await enter(to, id, '"old"');
    }
  };

  const who = async (of: ConnectionStore): Promise<unknown> => {
    const ledger = present(of.presence());
    const members = (await collect(ledger.members(LOBBY))).map(({ memberId, info }) => `${memberId} ${info}`);
    expect(await ledger.count(LOBBY)).toBe(members.length);
    return members;
  };

  const messages = async (of: ConnectionStore): Promise<unknown> => {
    const history = present(of.history());
    const page = await history.last(LOBBY, 10, BOUNDS.maxAgeMs);
    // A stream that has begun, and has no message yet, is as good as none.
    if (page === null || page.offset === 0) return null;
    const { epoch, offset } = page;
    const behind = await history.since(LOBBY, { epoch, offset: offset - page.messages.length }, 10, BOUNDS.maxAgeMs);
    expect(behind).toEqual(page);
    return page.messages.map(({ message }) => message);
  };

  const appended = async (to: ConnectionStore, ...texts: string[]): Promise<void> => {
    for (const text of texts) await present(to.history()).append(LOBBY, text, BOUNDS);
  };

  const append = async (to: ConnectionStore): Promise<unknown> =>
    (await present(to.history()).append(LOBBY, 'new', BOUNDS)).offset;

  const asked = async (of: ConnectionStore, ...ids: string[]): Promise<void> => {
    await present(of.answers()).open('q', MINUTE_MS);
    for (const connectionId of ids) await present(of.answers()).put('q', { connectionId, answer: '"old"' });
  };

  const answers = async (of: ConnectionStore): Promise<unknown> =>
    (await present(of.answers()).read('q', 0)).map(({ connectionId, answer }) => `${connectionId} ${answer}`);

  const put = (to: ConnectionStore): Promise<unknown> =>
    present(to.answers()).put('q', { connectionId: 'new', answer: '"new"' });

  const operations: Readonly<Record<string, Operation>> = {
    'an enter of the first connection': {
      prepare: (by) => joinedTo({ store: by, clock: subject.clock }, 'a1', [LOBBY]),
      run: (by) => enter(by, 'a1'),
      look: who,
      answer: 'appeared',
      before: [],
      after: ['ada {}'],
    },
    'an enter in the place of a connection that is gone': {
      prepare: async (by) => {
        await entered(by, 'a0');
        await by.remove('a0');
        await joinedTo({ store: by, clock: subject.clock }, 'a1', [LOBBY]);
      },
      run: (by) => enter(by, 'a1'),
      look: who,
      answer: 'appeared',
      before: [],
      after: ['ada {}'],
    },
    'an enter of another connection': {
      prepare: async (by) => {
        await entered(by, 'a0');
        await joinedTo({ store: by, clock: subject.clock }, 'a1', [LOBBY]);
      },
      run: (by) => enter(by, 'a1'),
      look: who,
      answer: 'present',
      before: ['ada "old"'],
      after: ['ada {}'],
    },
    'an exit of the last connection': {
      prepare: (by) => entered(by, 'a1'),
      run: (by) => exit(by, 'a1'),
      look: who,
      answer: 'vanished',
      before: ['ada "old"'],
      after: [],
    },
    'an exit of one of two connections': {
      prepare: (by) => entered(by, 'a1', 'a2'),
      run: (by) => exit(by, 'a1'),
      look: who,
      answer: 'present',
      before: ['ada "old"'],
      after: ['ada "old"'],
    },
    'the first append': {
      prepare: async () => undefined,
      run: append,
      look: messages,
      answer: 1,
      before: null,
      after: ['new'],
      repeated: ['new', 'new'],
    },
    'an append that trims': {
      prepare: async (by) => {
        await appended(by, 'm4');
        // The message is the 4th, and a hundred others have come and gone.
        const [message, head] = (await subject.items('history')).sort((one) => (one['sk']?.S === 'head' ? 1 : -1));
        await subject.put({ ...message, sk: { S: String(message?.['sk']?.S).replace(/1$/, '4') } });
        await subject.delete(message as Item);
        await subject.put({ ...head, offset: { N: '103' }, floor: { N: '102' } });
        await appended(by, 'm104', 'm105');
      },
      run: append,
      look: messages,
      answer: 106,
      before: ['m104', 'm105'],
      after: ['m105', 'new'],
      repeated: ['new', 'new'],
    },
    'a claim': {
      prepare: async () => undefined,
      run: (by) => present(by.claims()).claim('r', 'mine', MINUTE_MS),
      look: async (by) => {
        const held = await present(by.claims()).claim('r', 'theirs', MINUTE_MS);
        if (held === null) await present(by.claims()).release('r');
        return held;
      },
      answer: null,
      before: null,
      after: 'mine',
    },
    'a release': {
      prepare: (by) => present(by.claims()).claim('r', 'mine', MINUTE_MS),
      run: (by) => present(by.claims()).release('r'),
      look: async (by) => {
        const held = await present(by.claims()).claim('r', 'theirs', MINUTE_MS);
        if (held === null) await present(by.claims()).release('r');
        return held;
      },
      answer: undefined,
      before: 'mine',
      after: null,
    },
    'the opening of a question': {
      prepare: async () => undefined,
      run: (by) => present(by.answers()).open('q', MINUTE_MS),
      look: answers,
      answer: undefined,
      before: [],
      after: [],
    },
    'an answer': {
      prepare: (by) => asked(by, 'a', 'b'),
      run: put,
      look: answers,
      answer: 'taken',
      before: ['a "old"', 'b "old"'],
      after: ['a "old"', 'b "old"', 'new "new"'],
    },
    'an answer on a new sheet': {
      prepare: async (by) => {
        await asked(by);
        const box = present(by.answers());
        const ids = Array.from({ length: 40 }, (_, index) => `c${index}`);
        await Promise.all(ids.map((connectionId) => box.put('q', { connectionId, answer: '"old"' })));
      },
      run: put,
      look: async (by) => ((await answers(by)) as string[]).slice(40),
      answer: 'taken',
      before: [],
      after: ['new "new"'],
    },
    'the closing of a question': {
      prepare: (by) => asked(by, 'a'),
      run: (by) => present(by.answers()).close('q'),
      look: answers,
      answer: undefined,
      before: ['a "old"'],
      after: [],
    },
  };

  const deaths = Object.entries(operations).flatMap(([title, operation]) =>
    (['before', 'after'] as const).map((when) => ({ title, when, ...operation })),
  );

  it.each(deaths)(
    '$when any request of $title leaves all of it done or nothing, and the next one gets through',
    async ({ when, prepare, run, look, before, after, repeated = after }) => {
      const seen: unknown[] = [];
      for (let fatal = 0, isOver = false; !isOver; fatal++) {
        subject.reset();
        const healthy = store();
        await prepare(healthy);
        const requests = subject.dieAt(fatal, when);
        await run(store()).catch(() => undefined);
        subject.interceptor = null;
        // Until the operation gets through without coming to the fatal request.
        isOver = requests() <= fatal;

        const state = await look(healthy);
        seen.push(state);
        if (JSON.stringify(state) !== JSON.stringify(after)) expect(state).toEqual(before);
        await run(healthy);
        const end = await look(healthy);
        if (JSON.stringify(end) !== JSON.stringify(after)) expect(end).toEqual(repeated);
      }
      expect(seen).toContainEqual(after);
    },
  );

  it.each(Object.entries(operations))(
    'is not what happens when the answer to a write of %s is lost: the SDK sends it again, and nobody notices',
    async (_, { prepare, run, look, answer, after }) => {
      for (let lost = 0, isOver = false; !isOver; lost++) {
        subject.reset();
        const healthy = store();
        await prepare(healthy);
        let writes = 0;
        subject.interceptor = async (command, perform) => {
          const index = IS_WRITE.test(command) ? writes++ : -1;
          if (index === lost) await perform();
          return perform();
        };
        const given = await run(store());
        subject.interceptor = null;
        isOver = writes <= lost;
        expect(given).toEqual(answer);
        expect(await look(healthy)).toEqual(after);
      }
    },
  );
});
