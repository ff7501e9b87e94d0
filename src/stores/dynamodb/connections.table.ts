import type * as Sdk from '@aws-sdk/client-dynamodb';
import type { DynamoDbClient } from './dynamodb.client.js';
import { DYNAMODB_STORE_DEFAULTS } from './dynamodb-connection.store.js';

const WAIT_AT_MOST_SECONDS = 60;

/** The time to live of items, in seconds since the Unix epoch. */
const TTL_ATTRIBUTE = 'ttl';

/**
 * Creates the table of a `DynamoDbConnectionStore` for development and tests, paid by request, with its time to live; resolves when it can
 * be used. A table of that name that exists already stays as it is, but for its time to live. In production declare the table where your
 * infrastructure is declared; the store never creates one.
 *
 * @example
 * await createConnectionsTable(new DynamoDBClient({ endpoint: 'http://localhost:8000', region: 'local' }));
 */
export async function createConnectionsTable(
  client: DynamoDbClient,
  tableName: string = DYNAMODB_STORE_DEFAULTS.tableName,
): Promise<void> {
  const sdk = await import('@aws-sdk/client-dynamodb');
  const creating = new sdk.CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  });
  const dynamoDb = client as unknown as Sdk.DynamoDBClient;
  await unless('ResourceInUseException', dynamoDb.send(creating));
  await sdk.waitUntilTableExists(
    { client: dynamoDb, maxWaitTime: WAIT_AT_MOST_SECONDS, minDelay: 1, maxDelay: 5 },
    { TableName: tableName },
  );
  await enableTimeToLive(dynamoDb, sdk, tableName);
}

async function enableTimeToLive(client: Sdk.DynamoDBClient, sdk: typeof Sdk, tableName: string): Promise<void> {
  const enabling = new sdk.UpdateTimeToLiveCommand({
    TableName: tableName,
    TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true },
  });
  try {
    // Local stand-ins may not know it; then nothing is deleted, and readers ignore what has expired.
    await unless('UnknownOperationException', client.send(enabling));
  } catch (error) {
    const { TimeToLiveDescription: found } = await client.send(
      new sdk.DescribeTimeToLiveCommand({ TableName: tableName }),
    );
    if (found?.AttributeName !== TTL_ATTRIBUTE || !found.TimeToLiveStatus?.startsWith('ENABL')) throw error;
  }
}

/** Waits for a request, and takes an error of that name for an answer. */
async function unless(name: string, request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== name) throw error;
  }
}
