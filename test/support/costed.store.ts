import { beforeEach, expect, it } from '@jest/globals';
import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import { costOf, type Cost } from './dynamodb.cost.js';
import { useDynamoDb, type DynamoDbSubject } from './dynamodb.subject.js';

/** What happens before an operation, the operation, and what it is charged. */
export type CostedOperation = readonly [
  title: string,
  prepare: () => Promise<unknown>,
  run: () => Promise<unknown>,
  expected: Cost,
];

const ENDPOINT = 'https://abc123.execute-api.eu-west-1.amazonaws.com/production';

/** An id as long as API Gateway's: units depend on how long items are. */
export function idOf(name: number | string): string {
  return `JfWMyfKWDoECHAw=${name}`;
}

/** A store on DynamoDB with as many partitions as it has by default, whose operations are charged. */
export class CostedStore {
  private opened: ConnectionStore | undefined;

  constructor(readonly subject: DynamoDbSubject) {}

  get store(): ConnectionStore {
    if (this.opened === undefined) throw new Error('A test has a store from its start.');
    return this.opened;
  }

  open(): void {
    this.opened = this.subject.store({ partitions: 8 });
  }

  add(name: number | string, userId: string | null = 'ada'): Promise<boolean> {
    return this.store.add(this.subject.connection(idOf(name), { userId, endpoint: ENDPOINT }));
  }

  /** Connections in one channel, named by their numbers. */
  async addMembers(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      await this.add(index);
      await this.store.join(idOf(index), 'news');
    }
  }

  /** A test for each operation, of its requests and units. */
  itCharges(operations: readonly CostedOperation[]): void {
    it.each(operations)('%s', async (_, prepare, run, expected) => {
      await prepare();
      await expect(costOf(this.subject, run)).resolves.toEqual(expected);
    });
  }
}

/** Gives each test of the `describe` that this is called in such a store, which is empty. */
export function useCostedStore(): CostedStore {
  const costed = new CostedStore(useDynamoDb());
  beforeEach(() => costed.open());
  return costed;
}
