import { describe, expect, it } from '@jest/globals';
import type { KeysAndAttributes } from '@aws-sdk/client-dynamodb';
import { StoreUnavailableError } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb } from '../support/dynamodb.subject.js';

interface BatchInput {
  RequestItems: Record<string, KeysAndAttributes>;
}

describe('long lists in the table', () => {
  const subject = useDynamoDb();

  const sorted = async (pages: AsyncIterable<readonly string[]>): Promise<string[]> => (await collect(pages)).sort();

  it('are read to the end where a partition has more than the megabyte that one answer holds', async () => {
    const store = subject.store({ partitions: 1 });
    const ids = Array.from({ length: 200 }, (_, index) => `id-${index}`).sort();
    // 200 records of 30 KB in four partitions: 1.5 MB in each.
    const endpoint = `https://${'x'.repeat(30_000)}.example`;
    await Promise.all(ids.map((id) => store.add(subject.connection(id, { endpoint, userId: 'ada' }))));
    await Promise.all(ids.map((id) => store.join(id, 'news')));
    let pages = 0;
    subject.interceptor = (command, perform) => {
      if (command === 'Query') pages++;
      return perform();
    };
    await expect(store.countConnections()).resolves.toBe(200);
    expect(pages).toBeGreaterThanOrEqual(8);
    await expect(sorted(store.connections())).resolves.toEqual(ids);
    await expect(sorted(store.staleBefore(subject.clock.now() + 1))).resolves.toEqual(ids);
    await expect(collect(store.channels())).resolves.toEqual([{ channel: 'news', members: 200 }]);
    await expect(sorted(store.members('news'))).resolves.toEqual(ids);
    expect((await store.connectionsOfUser('ada')).sort()).toEqual(ids);
    const found = await store.findMany([...ids, 'nobody', ...ids]);
    expect(found.map((connection) => connection?.connectionId)).toEqual([...ids, undefined, ...ids]);
  });

  it('look at a thousand items at a time, however few of them count', async () => {
    const store = subject.store({ partitions: 8 });
    await store.add(subject.connection('a'));
    const limits: unknown[] = [];
    subject.interceptor = (command, perform, input) => {
      if (command === 'Query') limits.push((input as { Limit?: number }).Limit);
      return perform();
    };
    await collect(store.members('news'));
    expect(limits).toEqual(Array.from({ length: 8 }, () => 125));
    limits.length = 0;
    await store.connectionsOfUser('ada');
    expect(limits).toEqual([1_000]);
  });

  it('ask again for the items that DynamoDB did not get to', async () => {
    const store = subject.store();
    const ids = Array.from({ length: 250 }, (_, index) => `id-${index}`).sort();
    await Promise.all(ids.map((id) => store.add(subject.connection(id, { userId: 'ada' }))));
    let asked = 0;
    subject.interceptor = async (command, perform, input) => {
      if (command !== 'BatchGetItem') return perform();
      asked++;
      const { RequestItems } = input as BatchInput;
      const [table, request] = Object.entries(RequestItems)[0] as [string, KeysAndAttributes];
      const keys = request.Keys ?? [];
      if (keys.length <= 10) return perform();
      // Answers ten, and says that the others are to be asked for again.
      RequestItems[table] = { ...request, Keys: keys.slice(0, 10) };
      const answer = (await perform()) as { output: object };
      const UnprocessedKeys = { [table]: { ...request, Keys: keys.slice(10) } };
      return { ...answer, output: { ...answer.output, UnprocessedKeys } };
    };
    const found = await store.findMany(ids);
    expect(found.map((connection) => connection?.connectionId)).toEqual(ids);
    expect(asked).toBe(25);
    expect((await store.connectionsOfUser('ada')).sort()).toEqual(ids);
  }, 60_000);

  it('are an error, not a shorter list, when DynamoDB gets to none of the items in time', async () => {
    const store = subject.store({ timeoutMs: 500 });
    await store.add(subject.connection('a'));
    let asked = 0;
    let isAskedTwice!: () => void;
    const askedTwice = new Promise<void>((resolve) => (isAskedTwice = resolve));
    subject.interceptor = async (_, __, input) => {
      if (++asked === 2) isAskedTwice();
      return {
        response: {},
        output: { $metadata: {}, Responses: {}, UnprocessedKeys: (input as BatchInput).RequestItems },
      };
    };
    const finding = expect(store.findMany(['a'])).rejects.toThrow(StoreUnavailableError);
    await askedTwice;
    await subject.clock.advance(500);
    await finding;
  });
});
