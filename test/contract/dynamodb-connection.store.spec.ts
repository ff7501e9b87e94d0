import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, jest } from '@jest/globals';
import { createConnectionsTable } from '../../src/stores/dynamodb/connections.table.js';
import { DynamoDbConnectionStore } from '../../src/stores/dynamodb/dynamodb-connection.store.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { putOnWire } from '../support/wired.client.js';
import { connectionStoreContract } from './connection-store.contract.js';
import { Wire } from '../../src/testing/contract/races/wire.js';

// Dynalite takes about a thousand requests a second.
jest.setTimeout(180_000);

let dynamoDb: DynamoDbServer;
let client: DynamoDBClient;
const wire = new Wire();

beforeAll(async () => {
  dynamoDb = await DynamoDbServer.start();
  client = putOnWire(dynamoDb.client(), wire);
  await createConnectionsTable(client);
});

afterAll(async () => {
  client.destroy();
  await dynamoDb.kill();
});

connectionStoreContract({
  name: 'DynamoDbConnectionStore',
  create: (settings) => new DynamoDbConnectionStore({ client, partitions: 1, ...settings }),
  wire,
  concurrency: 200,
  runs: 30,
  schedules: 10,
  capabilities: { placesLapseAfterMs: 10_000 },
});
