import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, it } from '@jest/globals';
import { createConnectionsTable, DynamoDbConnectionStore } from '../../src/index.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { expectExactlyTen, expectTruePresence, type ChannelTarget } from './channel.crowd.js';
import { killWorkers } from './worker.process.js';

describe('channels that four processes serve, on one table of DynamoDB', () => {
  let server: DynamoDbServer;
  let client: DynamoDBClient;

  beforeEach(async () => {
    server = await DynamoDbServer.start();
    client = server.client();
    await createConnectionsTable(client);
  });

  afterEach(async () => {
    await killWorkers();
    client.destroy();
    await server.kill();
  });

  const target = (rounds: number): ChannelTarget => ({
    kind: 'dynamodb',
    url: server.endpoint,
    store: new DynamoDbConnectionStore({ client, timeoutMs: 60_000 }),
    rounds,
  });

  it('take exactly ten of fifty clients who join one with room for ten at once', async () => {
    await expectExactlyTen(target(2));
  }, 120_000);

  it('know who is present after random joins and leaves, and after two of the processes were killed', async () => {
    await expectTruePresence(target(1));
  }, 120_000);
});
