import { randomUUID } from 'node:crypto';
import {
  DeleteItemCommand,
  PutItemCommand,
  ScanCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
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

  private constructor(
    readonly server: DynamoDbServer,
    readonly client: DynamoDBClient,
  ) {}

  static async start(): Promise<DynamoDbSubject> {
    const server = await DynamoDbServer.start();
    const client = server.client();
    await createConnectionsTable(client);
    const subject = new DynamoDbSubject(server, client);
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        ({ input }) => {
          const perform = () => next({ input });
          if (subject.interceptor === null) return perform();
          return subject.interceptor(commandName.replace('Command', ''), perform, input) as ReturnType<typeof next>;
        },
      { step: 'initialize', name: 'interceptor' },
    );
    return subject;
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.server.kill();
  }

  /** Starts a test: with nothing in the way, and nothing under the prefix. */
  reset(): void {
    this.interceptor = null;
    this.keyPrefix = `${randomUUID()}:`;
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
}
