import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AnswerBox } from '../../src/contracts/answer.box.js';
import type { ChannelHistory, StreamPosition } from '../../src/contracts/channel.history.js';
import type { ConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb, type Item } from '../support/dynamodb.subject.js';
import { joinedTo, present } from './ledgers.harness.js';

const NEWS = 'news';
const HOUR_MS = 3_600_000;
const BOUNDS = { maxMessages: 10, maxAgeMs: HOUR_MS };

describe('the ledgers of DynamoDB', () => {
  const subject = useDynamoDb();
  let store: ConnectionStore;
  let history: ChannelHistory;
  let answers: AnswerBox;

  beforeEach(() => {
    store = subject.store();
    history = present(store.history());
    answers = present(store.answers());
  });

  const append = (message: string, bounds = BOUNDS): Promise<StreamPosition> => history.append(NEWS, message, bounds);

  const appendMany = async (count: number): Promise<string> => {
    let epoch = '';
    for (let number = 1; number <= count; number++) ({ epoch } = await append(`m${number}`));
    return epoch;
  };

  const messages = async (): Promise<readonly string[] | undefined> =>
    (await history.last(NEWS, 1_000, HOUR_MS))?.messages.map(({ message }) => message);

  const messageItem = async (offset: number): Promise<Item> => {
    const items = await subject.items('history');
    const found = items.find(({ sk }) => Number(sk?.S?.split(':')[1]) === offset);
    if (found === undefined) throw new Error(`There is no message ${offset}.`);
    return found;
  };

  const headItem = async (): Promise<Item | undefined> =>
    (await subject.items('history')).find(({ sk }) => sk?.S === 'head');

  it('give no number twice when a writer is held up while all that came after it is forgotten', async () => {
    await append('m1');
    const other = present(subject.store().history());
    const positions: StreamPosition[] = [];
    subject.interceptor = async (command, perform) => {
      if (command !== 'PutItem') return perform();
      subject.interceptor = null;
      for (let number = 2; number <= 104; number++) {
        positions.push(await other.append(NEWS, `m${number}`, { ...BOUNDS, maxMessages: 1 }));
      }
      return perform();
    };
    const { offset, epoch } = await append('late', { ...BOUNDS, maxMessages: 1 });
    expect(offset).toBe(105);
    expect(new Set(positions.map((position) => position.offset)).size).toBe(103);
    expect(await messages()).toEqual(['late']);
    expect(await history.since(NEWS, { epoch, offset: 1 }, 1_000, HOUR_MS)).toBeNull();
    const numbers = (await subject.items('history')).map(({ sk }) => Number(sk?.S?.split(':')[1]));
    expect(numbers).not.toContain(2);
  }, 60_000);

  it('have a message outlast the head that does not know of it, so that no other takes its number', async () => {
    await append('m1', { ...BOUNDS, maxAgeMs: 10 * HOUR_MS });
    subject.interceptor = (command, perform) => {
      if (command === 'UpdateItem') throw new Error('The process has died.');
      return perform();
    };
    await expect(append('m2', { ...BOUNDS, maxAgeMs: 1_000 })).rejects.toThrow('failed to append');
    subject.interceptor = null;
    const head = await headItem();
    expect(head?.['offset']?.N).toBe('1');
    expect(Number((await messageItem(2))['ttl']?.N)).toBeGreaterThan(Number(head?.['ttl']?.N));
    expect(await messages()).toEqual(['m1', 'm2']);
    expect(await append('m3')).toMatchObject({ offset: 3 });
    expect(await messages()).toEqual(['m1', 'm2', 'm3']);
  });

  it('give nothing across a message that is missing, and the last ones behind it', async () => {
    const epoch = await appendMany(5);
    await subject.delete(await messageItem(3));
    expect(await history.since(NEWS, { epoch, offset: 1 }, 100, HOUR_MS)).toBeNull();
    expect(await history.since(NEWS, { epoch, offset: 3 }, 100, HOUR_MS)).toMatchObject({ offset: 5 });
    expect(await messages()).toEqual(['m4', 'm5']);
    await subject.delete(await messageItem(5));
    expect(await history.since(NEWS, { epoch, offset: 3 }, 100, HOUR_MS)).toBeNull();
    expect(await history.last(NEWS, 100, HOUR_MS)).toEqual({ epoch, offset: 5, messages: [] });
  });

  it('answer places that a client made up', async () => {
    const epoch = await appendMany(2);
    for (const place of [
      { epoch: 'zzzz', offset: 1 },
      { epoch: 'i'.repeat(21), offset: 1 },
      { epoch: '', offset: 1 },
      { epoch: 'x'.repeat(10_000), offset: 1 },
      { epoch, offset: -1 },
      { epoch, offset: 0.5 },
      { epoch, offset: Number.NaN },
      { epoch, offset: Number.MAX_SAFE_INTEGER },
      { epoch, offset: 1e300 },
    ])
      expect([place, await history.since(NEWS, place, 100, HOUR_MS)]).toEqual([place, null]);
  });

  it('read messages that come in several pages', async () => {
    const epoch = await appendMany(1);
    const long = 'x'.repeat(300_000);
    for (let number = 2; number <= 9; number++) await append(`${number}${long}`);
    const page = await history.since(NEWS, { epoch, offset: 1 }, 100, HOUR_MS);
    expect(page?.messages.map(({ message }) => message[0])).toEqual(['2', '3', '4', '5', '6', '7', '8', '9']);
    expect(await messages()).toHaveLength(9);
  });

  it('append messages of one process in the order in which they were given, and go on after a failure', async () => {
    let fails = 2;
    subject.interceptor = (command, perform) => {
      if (command === 'PutItem' && fails-- === 0) throw new Error('The connection was lost.');
      return perform();
    };
    const results = await Promise.allSettled(['m1', 'm2', 'm3', 'm4'].map((message) => append(message)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await messages()).toEqual(['m1', 'm3', 'm4']);
  });

  it('show no answer out of order while a sheet is filling up', async () => {
    await answers.open('q', HOUR_MS);
    for (const connectionId of ['a', 'b', 'c']) await answers.put('q', { connectionId, answer: '1' });
    const [sheet] = (await subject.items('questions')).filter(({ sk }) => sk?.S?.startsWith('s') === true);
    // As a reader sees it who looked at the first sheet before it got full, and at the next when that was begun.
    const lines = [{ S: 'c' }];
    await subject.put({ ...sheet, lines: { L: [{ S: 'a' }, { S: 'b' }] } });
    await subject.put({ ...sheet, sk: { S: String(sheet?.['sk']?.S).replace(/0$/, '1') }, lines: { L: lines } });
    expect((await answers.read('q', 0)).map(({ connectionId }) => connectionId)).toEqual(['a', 'b']);
  });

  it('show an answer once that two processes put on two sheets', async () => {
    await answers.open('q', HOUR_MS);
    const ids = Array.from({ length: 40 }, (_, index) => `c${index}`);
    await Promise.all(ids.map((connectionId) => answers.put('q', { connectionId, answer: '1' })));
    const [sheet] = (await subject.items('questions')).filter(({ sk }) => sk?.S?.startsWith('s') === true);
    const next = { ...sheet, sk: { S: String(sheet?.['sk']?.S).replace(/0$/, '1') } };
    await subject.put({ ...next, lines: { L: [{ S: 'c7' }, { S: 'z' }] } });
    await answers.put('q', { connectionId: 'z', answer: '2' });
    const read = (await answers.read('q', 0)).map(({ connectionId }) => connectionId);
    expect(read).toHaveLength(41);
    expect(read.at(-1)).toBe('z');
  });

  it('take one of two answers of a connection that come at once, and the same one counts', async () => {
    await answers.open('q', HOUR_MS);
    subject.interceptor = async (command, perform) => {
      if (command !== 'UpdateItem') return perform();
      subject.interceptor = null;
      expect(await answers.put('q', { connectionId: 'a', answer: '"second"' })).toBe('again');
      return perform();
    };
    expect(await answers.put('q', { connectionId: 'a', answer: '"first"' })).toBe('taken');
    expect(await answers.read('q', 0)).toEqual([{ connectionId: 'a', answer: '"first"' }]);
  });

  it('read consistently, and write nothing without a time to live', async () => {
    const reads: unknown[] = [];
    subject.interceptor = (command, perform, input) => {
      const { ConsistentRead, RequestItems } = input as {
        ConsistentRead?: boolean;
        RequestItems?: Readonly<Record<string, { readonly ConsistentRead?: boolean }>>;
      };
      if (/^(GetItem|Query)$/.test(command)) reads.push([command, ConsistentRead]);
      if (RequestItems !== undefined)
        reads.push([command, ...Object.values(RequestItems).map((of) => of.ConsistentRead)]);
      return perform();
    };
    const entry = { memberId: 'ada', info: '{}' };
    const presence = present(store.presence());
    for (const id of ['a1', 'a2']) {
      await joinedTo({ store, clock: subject.clock }, id, [NEWS]);
      await presence.enter(NEWS, id, entry);
    }
    await presence.exit(NEWS, 'a1', 'ada');
    await collect(presence.members(NEWS));
    const epoch = await appendMany(2);
    await history.since(NEWS, { epoch, offset: 1 }, 10, HOUR_MS);
    await history.last(NEWS, 10, HOUR_MS);
    for (let time = 0; time < 2; time++) await present(store.claims()).claim('r', 'v', HOUR_MS);
    await answers.open('q', HOUR_MS);
    for (let time = 0; time < 2; time++) await answers.put('q', { connectionId: 'a', answer: '1' });
    await answers.read('q', 0);
    subject.interceptor = null;
    expect(new Set(reads.map((read) => JSON.stringify(read)))).toEqual(
      new Set(['["GetItem",true]', '["Query",true]', '["BatchGetItem",true]']),
    );
    const items = await subject.items();
    for (const kind of ['presence', 'history', 'claims', 'questions', 'answers']) {
      const ofKind = items.filter(({ pk }) => pk?.S?.startsWith(`${subject.keyPrefix}${kind}:`));
      expect([kind, ofKind.length > 0]).toEqual([kind, true]);
      for (const { ttl } of ofKind)
        expect(Number(ttl?.N) * 1_000).toBeGreaterThanOrEqual(subject.clock.now() + HOUR_MS);
    }
  });
});
