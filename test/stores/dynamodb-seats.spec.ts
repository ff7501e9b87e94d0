import { describe, expect, it } from '@jest/globals';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb } from '../support/dynamodb.subject.js';

describe('a channel with a limit', () => {
  const subject = useDynamoDb();

  const added = async (count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, (_, index) => `id-${index}`);
    await Promise.all(ids.map((id) => subject.store().add(subject.connection(id))));
    return ids;
  };

  it('is filled to the last place and no further by many processes at once', async () => {
    const ids = await added(60);
    const processes = Array.from({ length: 6 }, () => subject.store());
    await Promise.all(ids.slice(0, 3).map((id) => processes[0]!.join(id, 'small')));
    const answers = await Promise.all(
      ids.slice(3).map((id, index) => processes[index % 6]!.join(id, 'small', { maxMembers: 10 })),
    );
    expect(answers.filter((answer) => answer === 'joined')).toHaveLength(7);
    expect(answers.filter((answer) => answer === 'full')).toHaveLength(50);
    await expect(collect(processes[0]!.members('small'))).resolves.toHaveLength(10);
  });

  it('holds each caller to the limit that it came with', async () => {
    const [a, b, c] = (await added(3)) as [string, string, string];
    const store = subject.store();
    const answers = await Promise.all([
      store.join(a, 'small', { maxMembers: 0 }),
      store.join(b, 'small', { maxMembers: 1 }),
      store.join(c, 'small', { maxMembers: 1 }),
    ]);
    expect(answers).toEqual(['full', 'joined', 'full']);
    await expect(store.join(a, 'small', { maxMembers: 2 })).resolves.toBe('joined');
  });

  it('answers the same connection once, however often it asks at once', async () => {
    const [id] = (await added(1)) as [string];
    const store = subject.store();
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.join(id, 'small', { maxMembers: 1 })));
    expect(answers.toSorted()).toEqual([...Array.from({ length: 19 }, () => 'already'), 'joined']);
  });

  it('keeps no seats when everybody has sat down', async () => {
    const ids = await added(50);
    const store = subject.store();
    await Promise.all(ids.map((id) => store.join(id, 'small', { maxMembers: 45 })));
    const [ledger] = await subject.items('seats');
    expect(ledger?.['seats']).toEqual({ M: {} });
  });

  it('is not looked at member by member while it is far from full, and is when it seems to be', async () => {
    const ids = await added(12);
    const store = subject.store();
    for (const id of ids.slice(0, 8)) await store.join(id, 'small');
    let looks = 0;
    subject.interceptor = (command, perform) => {
      if (command === 'BatchGetItem') looks++;
      return perform();
    };
    await expect(store.join(ids[8]!, 'small', { maxMembers: 10 })).resolves.toBe('joined');
    expect(looks).toBe(0);
    await expect(store.join(ids[9]!, 'small', { maxMembers: 9 })).resolves.toBe('full');
    expect(looks).toBe(1);
  });
});
