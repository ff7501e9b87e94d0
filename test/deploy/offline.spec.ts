import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { WebSocket } from 'ws';
import { createConnectionsTable } from '../../src/index.js';
import { ProtocolClient } from '../protocol/protocol.client.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { DeploymentFolder } from './deployment.folder.js';
import { OfflineProcess } from './offline.process.js';

const START_MS = 180_000;
const ROOM = 'presence-room.lobby';

const tokenOf = (name: string): string => `${name}:${randomBytes(16).toString('hex')}`;

describe('npm run offline', () => {
  let folder: DeploymentFolder;
  beforeAll(async () => {
    folder = await DeploymentFolder.create();
  }, START_MS);
  afterAll(() => folder.remove());

  describe('with its state in DynamoDB', () => {
    let dynamodb: DynamoDbServer;
    chat(async () => {
      dynamodb = await DynamoDbServer.start();
      const client = dynamodb.client();
      await createConnectionsTable(client);
      client.destroy();
      const offline = await OfflineProcess.start(folder, {
        WEBSOCKET_DYNAMODB_TABLE: 'WebSocketConnections',
        AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
        AWS_REGION: 'eu-west-1',
      });
      return { offline, stopStore: () => dynamodb.kill(), kept: () => itemsIn(dynamodb) };
    });
  });

  describeWithRedis('with its state in Redis', () => {
    chat(async () => {
      const redis = await RedisServer.start();
      const offline = await OfflineProcess.start(folder, { WEBSOCKET_REDIS_URL: redis.url });
      return { offline, stopStore: () => redis.kill(), kept: () => keysIn(redis.port) };
    });
  });
});

interface Running {
  readonly offline: OfflineProcess;
  stopStore(): Promise<void>;
  /** How much is in the store. */
  kept(): Promise<number>;
}

async function itemsIn(dynamodb: DynamoDbServer): Promise<number> {
  const client = dynamodb.client();
  const { Count = 0 } = await client.send(new ScanCommand({ TableName: 'WebSocketConnections' }));
  client.destroy();
  return Count;
}

async function keysIn(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write('DBSIZE\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(answer.toString().slice(1));
}

/** What two people do with the bundle under serverless-offline. */
function chat(start: () => Promise<Running>): void {
  let running: Running;
  const clients: ProtocolClient[] = [];
  beforeAll(async () => {
    running = await start();
  }, START_MS);
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  afterAll(async () => {
    await running.offline.stop();
    await running.stopStore();
  }, START_MS);

  const enter = async (name: string): Promise<ProtocolClient> => {
    const client = await ProtocolClient.open(running.offline.url, `token=${tokenOf(name)}`);
    clients.push(client);
    return client;
  };

  it('lets two clients say hello, enter a room, and hear each other', async () => {
    const [ada, bob] = [await enter('Ada'), await enter('Bob')];
    for (const client of [ada, bob]) await client.askFor('welcome', { action: 'hello', protocol: 1 });
    await ada.subscribe(ROOM);
    await bob.subscribe(ROOM);
    await ada.until((message) => message.type === 'joining', 'that Bob has joined');
    await bob.publish(ROOM, { text: 'hello, Ada' }, { event: 'said' });
    const heard = await ada.until((message) => message.type === 'message' && message.channel === ROOM, 'what Bob said');
    expect(heard).toMatchObject({ event: 'said', data: { text: 'hello, Ada' } });
    await ada.publish(ROOM, { text: 'hello, Bob' }, { event: 'said' });
    await bob.until(
      (message) => message.type === 'message' && (message.data as { text?: string }).text === 'hello, Bob',
      'what Ada said',
    );
    expect([...ada.problems, ...bob.problems]).toEqual([]);
    expect(await running.kept()).toBeGreaterThan(2);
  }, 60_000);

  it('tells those who stay when somebody has closed the tab', async () => {
    const [ada, bob] = [await enter('Ada'), await enter('Bob')];
    await ada.subscribe(ROOM);
    await bob.subscribe(ROOM);
    await bob.close();
    await ada.until((message) => message.type === 'leaving', 'that Bob has left');
    expect(ada.problems).toEqual([]);
  }, 60_000);

  it.each([
    ['brings no token', ''],
    ['brings one that says nothing', '?token=nobody'],
  ])(
    'refuses who %s',
    async (_, query) => {
      const socket = new WebSocket(running.offline.url + query);
      const [response] = (await Promise.race([
        once(socket, 'unexpected-response').then(([, { statusCode }]) => [statusCode as number]),
        once(socket, 'open').then(() => ['open']),
      ])) as [number | string];
      socket.on('error', () => undefined).terminate();
      expect([401, 403]).toContain(response);
    },
    60_000,
  );

  it('ends at Ctrl-C, and lets go of its ports', async () => {
    const { ports } = running.offline;
    expect(await isOpen(ports[0]!)).toBe(true);
    await running.offline.interrupt();
    expect(await Promise.all(ports.map(isOpen))).toEqual([false, false, false]);
  }, 60_000);
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, 'localhost');
  const outcome = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return outcome;
}
