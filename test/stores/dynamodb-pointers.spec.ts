import { describe, expect, it } from '@jest/globals';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb } from '../support/dynamodb.subject.js';

const MINUTE_MS = 60_000;

describe('a pointer to nothing', () => {
  const subject = useDynamoDb();

  /** Leaves the pointers of a connection in the table, and deletes its record. */
  const leavePointers = async (): Promise<void> => {
    const store = subject.store();
    await store.add(subject.connection('a', { userId: 'ada' }));
    await store.join('a', 'news');
    for (const record of await subject.items('connections')) await subject.delete(record);
  };

  it('is ignored at once, and stays as long as somebody may be about to use it', async () => {
    await leavePointers();
    const store = subject.store();
    await subject.clock.advance(MINUTE_MS - 1);
    await expect(collect(store.members('news'))).resolves.toEqual([]);
    await expect(store.connectionsOfUser('ada')).resolves.toEqual([]);
    await expect(subject.items()).resolves.toHaveLength(2);
  });

  it('is deleted by the first reader after a minute', async () => {
    await leavePointers();
    const store = subject.store();
    await subject.clock.advance(MINUTE_MS);
    await collect(store.members('news'));
    await expect(subject.items('channels')).resolves.toEqual([]);
    await store.connectionsOfUser('ada');
    await expect(subject.items()).resolves.toEqual([]);
  });

  it('is not deleted when it is used again between the look at it and the deletion', async () => {
    await leavePointers();
    const store = subject.store();
    await subject.clock.advance(MINUTE_MS);
    subject.interceptor = async (command, perform) => {
      if (command !== 'DeleteItem') return perform();
      subject.interceptor = null;
      await store.add(subject.connection('a', { userId: 'ada' }));
      await store.join('a', 'news');
      return perform();
    };
    await expect(collect(store.members('news'))).resolves.toEqual([]);
    await expect(collect(store.members('news'))).resolves.toEqual(['a']);
  });

  it('fails no reader that cannot delete it', async () => {
    await leavePointers();
    const store = subject.store();
    await store.add(subject.connection('b'));
    await store.join('b', 'news');
    await subject.clock.advance(MINUTE_MS);
    subject.interceptor = async (command, perform) => {
      if (command === 'DeleteItem') throw new Error('Not now.');
      return perform();
    };
    await expect(collect(store.members('news'))).resolves.toEqual(['b']);
  });

  it('takes no place in a channel with a limit', async () => {
    await leavePointers();
    const store = subject.store();
    await store.add(subject.connection('b'));
    await expect(store.join('b', 'news', { maxMembers: 1 })).resolves.toBe('joined');
  });
});

describe('an answer that gets lost', () => {
  const subject = useDynamoDb();

  /** Sends every write twice, like an SDK that had no answer to the first. */
  const loseAnswers = (): void => {
    subject.interceptor = async (command, perform) => {
      if (!/^(Put|Update|Delete)Item$/.test(command)) return perform();
      await perform().catch(() => undefined);
      return perform();
    };
  };

  it('tells the caller all the same that it was the one who did it', async () => {
    const store = subject.store();
    loseAnswers();
    const made = subject.connection('a', { userId: 'ada' });
    await expect(store.add(made)).resolves.toBe(true);
    await expect(store.join('a', 'news')).resolves.toBe('joined');
    await expect(store.join('a', 'sport', { maxMembers: 1, maxChannels: 2 })).resolves.toBe('joined');
    await expect(store.leave('a', 'sport')).resolves.toBe('left');
    await store.touch('a', subject.clock.now());
    await expect(store.remove('a')).resolves.toEqual({ ...made, channels: ['news'] });
    await subject.clock.advance(MINUTE_MS);
    await expect(store.ensure(made)).resolves.toBe('restored');
    await expect(store.connectionsOfUser('ada')).resolves.toEqual(['a']);
  });

  it('makes nobody the one who did it who was not', async () => {
    const store = subject.store();
    const made = subject.connection('a', { userId: 'ada' });
    await store.add(made);
    await store.join('a', 'news');
    loseAnswers();
    await expect(store.add(made)).resolves.toBe(false);
    await expect(store.ensure(made)).resolves.toBe('present');
    await expect(store.join('a', 'news')).resolves.toBe('already');
    await expect(store.leave('a', 'sport')).resolves.toBe('not-a-member');
    await expect(store.remove('b')).resolves.toBeNull();
    await store.remove('a');
    await expect(store.remove('a')).resolves.toBeNull();
    await expect(store.leave('a', 'news')).resolves.toBe('unknown-connection');
  });
});
