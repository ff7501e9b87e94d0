import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnectionsTable, type WebSocketModuleOptions } from '../../src/index.js';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { connect, newConnectionId } from '../support/events.js';
import { ManagementApiServer } from '../support/management-api-server.js';
import { expectOutage, expectRecovery } from '../support/outage.js';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const TIMEOUT_MS = 300;

describe('the option "dynamodb"', () => {
  let dynamodb: DynamoDbServer;
  let gateway: ManagementApiServer;

  const startWith = (options: WebSocketModuleOptions): Promise<RunningApplication> =>
    startApplication({ options: { credentials: CREDENTIALS, apiGatewayEndpoint: gateway.endpoint(), ...options } });

  const createTable = async (tableName?: string): Promise<void> => {
    const client = dynamodb.client();
    await createConnectionsTable(client, tableName);
    client.destroy();
  };

  beforeAll(async () => {
    [dynamodb, gateway] = await Promise.all([DynamoDbServer.start(), ManagementApiServer.start()]);
    await createTable();
  });
  afterEach(stopApplications);
  afterAll(async () => {
    await Promise.all([dynamodb.kill(), gateway.stop()]);
  });

  it('keeps connections in the table, for every application that names it', async () => {
    const options = { dynamodb: { endpoint: dynamodb.endpoint, region: 'eu-west-1' } };
    const [one, other] = await Promise.all([startWith(options), startWith(options)]);
    const connectionId = newConnectionId();
    expect((await one.manager.handle(connect({ connectionId, userId: 42 }))).statusCode).toBe(200);
    expect(await other.manager.joinChannel(connectionId, 'news')).toBe(true);
    expect(await one.manager.getConnection(connectionId)).toMatchObject({ userId: '42', channels: ['news'] });
    expect(await other.manager.sendToUser(42, 'hello')).toEqual({ [connectionId]: true });
  });

  it('takes a client of the application, and leaves it open', async () => {
    const client = dynamodb.client();
    const { manager } = await startWith({ dynamodb: { client } });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    await stopApplications();
    const { manager: next } = await startWith({ dynamodb: { client } });
    expect(await next.connectionExists(connectionId)).toBe(true);
    client.destroy();
  });

  it('names the table that is missing', async () => {
    const { manager } = await startWith({ dynamodb: { endpoint: dynamodb.endpoint, tableName: 'Nowhere' } });
    await expect(manager.getStats()).rejects.toThrow(/create the DynamoDB table "Nowhere"/);
  });

  it('fails every call in time while DynamoDB is away, and works again once it is back', async () => {
    const { manager } = await startWith({
      dynamodb: { endpoint: dynamodb.endpoint, region: 'eu-west-1' },
      storeTimeoutMs: TIMEOUT_MS,
    });
    const subject = { connectionId: newConnectionId(), userId: 'ada', channel: 'news' };
    await manager.handle(connect(subject));
    await dynamodb.kill();
    await expectOutage(manager, subject, TIMEOUT_MS + 1_000);
    await dynamodb.restart();
    await createTable();
    await expectRecovery(manager, subject);
  }, 60_000);
});
