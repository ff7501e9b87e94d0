import { describe } from '@jest/globals';
import type { StreamPosition } from '../../src/contracts/channel.history.js';
import { present } from '../channels/ledgers.harness.js';
import { collect } from '../contract/store.harness.js';
import { idOf, useCostedStore } from '../support/costed.store.js';

/** As long as a message of a chat. */
const MESSAGE = JSON.stringify({ text: 'x'.repeat(200) });

const BOUNDS = { maxMessages: 10, maxAgeMs: 60_000 };

describe('what operations of the ledgers cost', () => {
  const costed = useCostedStore();

  /** What the ledgers of the store keep. */
  const ledger = {
    presence: () => present(costed.store.presence()),
    history: () => present(costed.store.history()),
    claims: () => present(costed.store.claims()),
    answers: () => present(costed.store.answers()),
  };

  const enter = (index: number, memberId = 'ada'): Promise<unknown> =>
    ledger.presence().enter('news', idOf(index), { memberId, info: '{"name":"Ada"}' });

  const exit = (index: number): Promise<unknown> => ledger.presence().exit('news', idOf(index), 'ada');

  /** Connections of one member in the channel, of which so many have entered. */
  const entered = async (count: number, entries = count): Promise<void> => {
    await costed.addMembers(count);
    for (let index = 0; index < entries; index++) await enter(index);
  };

  /** Members with one connection each. */
  const crowd = async (count: number): Promise<void> => {
    await costed.addMembers(count);
    for (let index = 0; index < count; index++) await enter(index, `member-${index}`);
  };

  const append = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await ledger.history().append('news', MESSAGE, BOUNDS);
  };

  const claim = (): Promise<unknown> => ledger.claims().claim(idOf(':1'), '{"ok":true}', 60_000);

  const put = (index: number): Promise<unknown> =>
    ledger.answers().put('q', { connectionId: idOf(index), answer: '{"read":true}' });

  const answered = async (count: number): Promise<void> => {
    await ledger.answers().open('q', 5_000);
    for (let index = 0; index < count; index++) await put(index);
  };

  let position: StreamPosition;

  costed.itCharges([
    [
      'an entry into a presence channel: of a first connection',
      () => costed.addMembers(1),
      () => enter(0),
      { requests: 3, readUnits: 3, writeUnits: 1 },
    ],
    [
      'an entry into a presence channel: of a second connection',
      () => entered(2, 1),
      () => enter(1),
      { requests: 4, readUnits: 4, writeUnits: 1 },
    ],
    [
      'an exit from a presence channel: of the last connection',
      () => entered(1),
      () => exit(0),
      { requests: 3, readUnits: 1, writeUnits: 2 },
    ],
    [
      'an exit from a presence channel: of one of two connections',
      () => entered(2),
      () => exit(0),
      { requests: 3, readUnits: 2, writeUnits: 1 },
    ],
    [
      'who is present, of 20',
      () => crowd(20),
      () => collect(ledger.presence().members('news')),
      { requests: 9, readUnits: 28, writeUnits: 0 },
    ],
    [
      'how many are present, of 20',
      () => crowd(20),
      () => ledger.presence().count('news'),
      { requests: 9, readUnits: 28, writeUnits: 0 },
    ],
    [
      'the first append to a channel',
      async () => undefined,
      () => append(1),
      { requests: 4, readUnits: 1, writeUnits: 3 },
    ],
    ['an append', () => append(1), () => append(1), { requests: 3, readUnits: 1, writeUnits: 2 }],
    [
      'an append to a channel with so many messages that one goes',
      () => append(111),
      () => append(1),
      { requests: 4, readUnits: 1, writeUnits: 3 },
    ],
    [
      'an append under a number that another has taken',
      async () => {
        await append(2);
        const [head] = (await costed.subject.items('history')).filter(({ sk }) => sk?.S === 'head');
        await costed.subject.put({ ...head, offset: { N: '1' } });
      },
      () => append(1),
      { requests: 6, readUnits: 3, writeUnits: 3 },
    ],
    [
      'the last 10 messages',
      () => append(10),
      () => ledger.history().last('news', 10, 60_000),
      { requests: 1, readUnits: 1, writeUnits: 0 },
    ],
    [
      'the 2 messages behind a position',
      async () => {
        await append(8);
        position = await ledger.history().append('news', MESSAGE, BOUNDS);
        await append(2);
      },
      () => ledger.history().since('news', position, 100, 60_000),
      { requests: 1, readUnits: 1, writeUnits: 0 },
    ],
    ['a claim', async () => undefined, () => claim(), { requests: 1, readUnits: 0, writeUnits: 1 }],
    ['a claim of what is claimed', () => claim(), () => claim(), { requests: 2, readUnits: 1, writeUnits: 1 }],
    [
      'a question',
      async () => undefined,
      () => ledger.answers().open('q', 5_000),
      { requests: 1, readUnits: 0, writeUnits: 1 },
    ],
    ['an answer to it', () => answered(3), () => put(3), { requests: 3, readUnits: 1, writeUnits: 2 }],
    [
      '20 answers that are read',
      () => answered(20),
      () => ledger.answers().read('q', 0),
      { requests: 2, readUnits: 21, writeUnits: 0 },
    ],
    [
      'a look for answers when there are no new ones, after 20',
      () => answered(20),
      () => ledger.answers().read('q', 20),
      { requests: 1, readUnits: 1, writeUnits: 0 },
    ],
    [
      'the end of a question',
      () => answered(20),
      () => ledger.answers().close('q'),
      { requests: 1, readUnits: 0, writeUnits: 1 },
    ],
  ]);
});
