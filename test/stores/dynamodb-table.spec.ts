import {
  CreateTableCommand,
  DescribeTableCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnectionsTable } from '../../src/index.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { useDynamoDb } from '../support/dynamodb.subject.js';

describe('createConnectionsTable', () => {
  let server: DynamoDbServer;

  beforeAll(async () => {
    server = await DynamoDbServer.start();
  });
  afterAll(() => server.kill());

  /** A client whose requests for the time to live get these answers. */
  const clientWith = (answers: Record<string, () => Promise<object>>): { client: DynamoDBClient; sent: object[] } => {
    const client = server.client();
    const sent: object[] = [];
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (request) => {
          const answer = answers[commandName];
          if (answer === undefined) return next(request);
          sent.push(request.input);
          return { response: {}, output: { $metadata: {}, ...(await answer()) } };
        },
      { step: 'initialize' },
    );
    return { client, sent };
  };

  const failing = (name: string) => () => Promise.reject(Object.assign(new Error(name), { name }));

  it('creates the table with its keys and its time to live, paid by request', async () => {
    const { client, sent } = clientWith({ UpdateTimeToLiveCommand: async () => ({}) });
    await createConnectionsTable(client);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'WebSocketConnections' }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    });
    expect(sent).toEqual([
      { TableName: 'WebSocketConnections', TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } },
    ]);
    client.destroy();
  });

  it('leaves a table alone that is there, with its time to live', async () => {
    const { client } = clientWith({
      UpdateTimeToLiveCommand: failing('ValidationException'),
      DescribeTimeToLiveCommand: async () => ({
        TimeToLiveDescription: { AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' },
      }),
    });
    await createConnectionsTable(client, 'Existing');
    await expect(createConnectionsTable(client, 'Existing')).resolves.toBeUndefined();
    client.destroy();
  });

  it('does without a time to live where there is no such thing', async () => {
    const client = server.client();
    await expect(createConnectionsTable(client, 'WithoutTimeToLive')).resolves.toBeUndefined();
    client.destroy();
  });

  it('reports what keeps it from creating the table or from setting the time to live', async () => {
    const denied = clientWith({ CreateTableCommand: failing('AccessDeniedException') });
    await expect(createConnectionsTable(denied.client, 'Denied')).rejects.toThrow('AccessDeniedException');
    const other = clientWith({
      UpdateTimeToLiveCommand: failing('ValidationException'),
      DescribeTimeToLiveCommand: async () => ({
        TimeToLiveDescription: { AttributeName: 'expires', TimeToLiveStatus: 'ENABLED' },
      }),
    });
    await expect(createConnectionsTable(other.client, 'Other')).rejects.toThrow('ValidationException');
    for (const { client } of [denied, other]) client.destroy();
  });

  it('resolves once a table that somebody else is creating can be used', async () => {
    const slow = await DynamoDbServer.start({ createTableMs: 1_500 });
    const client = slow.client();
    await client.send(
      new CreateTableCommand({
        TableName: 'Slow',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
    await createConnectionsTable(client, 'Slow');
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'Slow' }));
    expect(Table?.TableStatus).toBe('ACTIVE');
    client.destroy();
    await slow.kill();
  });
});

describe('the items in the table', () => {
  const subject = useDynamoDb();

  const only = async (kind: string): Promise<Record<string, AttributeValue>> => {
    const items = await subject.items(kind);
    expect(items).toHaveLength(1);
    return items[0]!;
  };
  const secondsIn = (ms: number): { N: string } => ({ N: String(Math.ceil((subject.clock.now() + ms) / 1_000)) });

  it('are a record and a pointer for the user and for each channel, named by what they are', async () => {
    const store = subject.store({ expireAfterSeconds: 90_000 });
    const now = subject.clock.now();
    await store.add(subject.connection('a', { userId: 'ada:1', endpoint: 'local:1', connectedAt: now - 5 }));
    await store.join('a', 'news');
    await store.join('a', '__proto__');
    await store.leave('a', 'news');
    await expect(only('connections:')).resolves.toEqual({
      pk: { S: expect.stringMatching(/connections:[0-7]$/) },
      sk: { S: 'a' },
      connectedAt: { N: String(now - 5) },
      userId: { S: 'ada:1' },
      routeKey: { S: '$connect' },
      endpoint: { S: 'local:1' },
      channels: { M: { ':__proto__': { S: expect.stringMatching(/^2\./) } } },
      seenAt: { N: String(now - 5) },
      expiresAt: { N: String(now + 90_000_000) },
      ttl: secondsIn(90_000_000 + 3_600_000),
      life: { S: expect.any(String) },
      departure: { S: expect.any(String) },
    });
    const pointer = { sk: { S: 'a' }, tokens: { SS: [expect.any(String)] }, at: { N: String(now) } };
    await expect(only('users:')).resolves.toEqual({
      ...pointer,
      pk: { S: `${subject.keyPrefix}users:ada%3A1` },
      ttl: secondsIn(90_000_000 + 3_600_000),
    });
    await expect(only('channels:')).resolves.toEqual({
      ...pointer,
      pk: { S: expect.stringMatching(/channels:[01]:__proto__$/) },
      ttl: secondsIn(90_000_000 + 3_600_000),
    });
    await store.remove('a');
    await expect(subject.items()).resolves.toHaveLength(1);
    await expect(only('connections:')).resolves.toMatchObject({
      removedAt: { N: String(now) },
      ttl: secondsIn(120_000),
    });
  });

  it('are spread evenly over their partitions', async () => {
    const store = subject.store({ partitions: 8 });
    const ids = Array.from({ length: 400 }, (_, index) => `${index}JfWMyfKWDoECHAw=`);
    await Promise.all(ids.map((id) => store.add(subject.connection(id))));
    await Promise.all(ids.map((id) => store.join(id, 'news')));
    const sizes = async (kind: string): Promise<number[]> => {
      const counts = new Map<string, number>();
      for (const { pk } of await subject.items(kind)) counts.set(pk!.S!, (counts.get(pk!.S!) ?? 0) + 1);
      return [...counts.values()];
    };
    const records = await sizes('connections:');
    expect(records).toHaveLength(32);
    expect(Math.max(...records)).toBeLessThan(30);
    const pointers = await sizes('channels:');
    expect(pointers).toHaveLength(8);
    expect(Math.max(...pointers)).toBeLessThan(80);
  });
});
