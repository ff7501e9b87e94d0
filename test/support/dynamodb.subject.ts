import { randomUUID } from 'node:crypto';
import {
  DeleteItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { Connection } from '../../src/contracts/connection.js';
import { createConnectionsTable } from '../../src/stores/dynamodb/connections.table.js';
import {
  DynamoDbConnectionStore,
  type DynamoDbConnectionStoreOptions,
} from '../../src/stores/dynamodb/dynamodb-connection.store.js';
import { DynamoDbServer } from './dynamodb.server.js';
import { ManualClock } from './manual.clock.js';

export type Item = Record<string, AttributeValue>;

/** Decides what becomes of a request, by its name and input: `perform` sends it. */
export type Interceptor = (command: string, perform: () => Promise<unknown>, input: object) => Promise<unknown>;

const TABLE = 'WebSocketConnections';

/** A table in a DynamoDB of the test's own, and stores over it that go by a manual clock. */
export class DynamoDbSubject {
  readonly clock = new ManualClock();
  /** Different for each test. */
  keyPrefix = '';
  /** In the way of every request of the client, before its retries. */
  interceptor: Interceptor | null = null;
  private readonly opened: DynamoDbConnectionStore[] = [];
  private started: { readonly server: DynamoDbServer; readonly client: DynamoDBClient } | undefined;

  get server(): DynamoDbServer {
    return this.running.server;
  }

  get client(): DynamoDBClient {
    return this.running.client;
  }

  async start(): Promise<void> {
    const server = await DynamoDbServer.start();
    const client = server.client();
    this.started = { server, client };
    await createConnectionsTable(client);
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        ({ input }) => {
          const perform = () => next({ input });
          if (this.interceptor === null) return perform();
          return this.interceptor(commandName.replace('Command', ''), perform, input) as ReturnType<typeof next>;
        },
      { step: 'initialize', name: 'interceptor' },
    );
  }

  async stop(): Promise<void> {
    const { started } = this;
    this.started = undefined;
    started?.client.destroy();
    await started?.server.kill();
  }

  /** Starts a test: with nothing in the way, and nothing under the prefix. */
  reset(): void {
    this.interceptor = null;
    this.keyPrefix = `${randomUUID()}:`;
  }

  /**
   * Has the process die with one of the next requests, before or after that took effect: those behind it do not get through either.
   *
   * @returns tells how many requests there were
   */
  dieAt(fatal: number, when: 'before' | 'after'): () => number {
    let requests = 0;
    this.interceptor = async (_, perform) => {
      const index = requests++;
      if (index < fatal) return perform();
      if (index === fatal && when === 'after') await perform();
      throw new Error('The process has died.');
    };
    return () => requests;
  }

  store(options: Partial<DynamoDbConnectionStoreOptions> = {}): DynamoDbConnectionStore {
    const { client, keyPrefix, clock } = this;
    const store = new DynamoDbConnectionStore({
      client,
      keyPrefix,
      clock,
      expireAfterSeconds: 600,
      partitions: 2,
      ...options,
    });
    this.opened.push(store);
    return store;
  }

  connection(connectionId: string, fields: Partial<Connection> = {}): Connection {
    const connectedAt = this.clock.now();
    return { connectionId, connectedAt, userId: null, routeKey: '$connect', channels: [], endpoint: null, ...fields };
  }

  /** Every item under the prefix, or those of a kind: `connections`, `users`, `channels`, `seats`. */
  async items(kind = ''): Promise<Item[]> {
    const start = `${this.keyPrefix}${kind}`;
    const found: Item[] = [];
    for (let from: Item | undefined, isFirst = true; isFirst || from !== undefined; isFirst = false) {
      const page = await this.client.send(
        new ScanCommand({ TableName: TABLE, ...(from && { ExclusiveStartKey: from }) }),
      );
      found.push(...(page.Items ?? []).filter(({ pk }) => pk?.S?.startsWith(start)));
      from = page.LastEvaluatedKey;
    }
    return found;
  }

  async put(item: Item): Promise<void> {
    await this.client.send(new PutItemCommand({ TableName: TABLE, Item: item }));
  }

  async delete({ pk, sk }: Item): Promise<void> {
    await this.client.send(new DeleteItemCommand({ TableName: TABLE, Key: { pk, sk } as Item }));
  }

  private get running() {
    if (this.started === undefined) throw new Error('DynamoDB runs from the first test to the last.');
    return this.started;
  }
}

/** Starts a DynamoDB before the tests of the `describe` that this is called in, each of which finds it as if empty, and ends it after them. */
export function useDynamoDb(): DynamoDbSubject {
  const subject = new DynamoDbSubject();
  beforeAll(() => subject.start());
  beforeEach(() => subject.reset());
  afterAll(() => subject.stop());
  return subject;
}
