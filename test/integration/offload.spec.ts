import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createConnectionsTable, type WebSocketManager, type WebSocketModuleOptions } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { connect, newConnectionId } from '../support/events.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { SqsServer } from '../support/sqs.server.js';

const CONNECTIONS = 250;

/** Starts what a store needs: the option for it, and what stops it. */
type Backend = () => Promise<{ options: WebSocketModuleOptions; stop: () => Promise<void> }>;

const onRedis: Backend = async () => {
  const redis = await RedisServer.start();
  return { options: { redis: { url: redis.url } }, stop: () => redis.kill() };
};

const onDynamoDb: Backend = async () => {
  const server = await DynamoDbServer.start();
  const client = server.client();
  await createConnectionsTable(client);
  return {
    options: { dynamodb: { client } },
    stop: async () => {
      client.destroy();
      await server.kill();
    },
  };
};

function handsOver(start: Backend): void {
  let backend: Awaited<ReturnType<Backend>>;
  let sqs: SqsServer;
  let api: ManagementApiServer;

  beforeEach(async () => {
    [backend, sqs, api] = await Promise.all([start(), SqsServer.start(), ManagementApiServer.start()]);
  });

  afterEach(async () => {
    await stopApplications();
    await Promise.all([stopManagementApis(), sqs.stop(), backend.stop()]);
  });

  /** One of the processes that share the store and the queue. */
  async function startProcess(): Promise<WebSocketManager> {
    const { client, queueUrl } = sqs;
    const offload = { queueUrl, client, threshold: 100, shardSize: 40 };
    const { manager } = await startApplication({
      options: { ...backend.options, credentials: testCredentials, fanout: { offload } },
    });
    return manager;
  }

  async function register(manager: WebSocketManager): Promise<void> {
    const opening = Array.from({ length: CONNECTIONS }, () =>
      manager.handle(connect({ connectionId: newConnectionId() }), { endpoint: api.endpoint() }),
    );
    await Promise.all(opening);
  }

  it('to workers in other processes, who reach everybody once and add up what became of it', async () => {
    const [sender, ...workers] = await Promise.all([startProcess(), startProcess(), startProcess()]);
    await register(sender);
    const gone = (await sender.getAllConnections()).slice(0, 5);
    api.answerWith(({ connectionId }) => (gone.includes(connectionId) ? 410 : 200));

    const report = await sender.except().send({ hello: 'everybody' });
    expect(report).toMatchObject({ delivered: 0, gone: 0, handedOver: { recipients: CONNECTIONS, shards: 7 } });
    expect(api.requests.all).toEqual([]);
    const { broadcastId = '' } = report.handedOver ?? {};
    expect(await sender.getBroadcast(broadcastId)).toMatchObject({ shards: 7, shardsDone: 0, isComplete: false });

    const waiting = sender.untilBroadcast(broadcastId);
    let last: Awaited<ReturnType<SqsServer['receive']>> = null;
    await Promise.all(
      workers.map(async (worker) => {
        for (let event = await sqs.receive(); event !== null; event = await sqs.receive()) {
          last = event;
          expect(await worker.handle(event)).toEqual({ batchItemFailures: [] });
        }
      }),
    );
    expect(await waiting).toMatchObject({ delivered: CONNECTIONS - 5, gone: 5, shardsDone: 7, isComplete: true });
    expect(api.requests.all).toHaveLength(CONNECTIONS);
    expect(new Set(api.requests.all.map(({ connectionId }) => connectionId)).size).toBe(CONNECTIONS);

    // The queue may deliver a message twice.
    expect(await sender.handle(last ?? { Records: [] })).toEqual({ batchItemFailures: [] });
    expect(api.requests.all).toHaveLength(CONNECTIONS);
  }, 60_000);

  it('nothing that answers for each connection, and nothing to a few', async () => {
    const manager = await startProcess();
    await register(manager);
    expect(Object.keys(await manager.broadcast('x'))).toHaveLength(CONNECTIONS);
    expect(await manager.except().send('x', { outcomes: true })).toMatchObject({ delivered: CONNECTIONS });
    const [first = ''] = await manager.getAllConnections();
    await manager.joinChannel(first, 'news');
    expect(await manager.to('news').send('x')).toEqual({ delivered: 1, gone: 0, throttled: 0, failed: 0 });
    expect(await sqs.receive()).toBeNull();
  }, 60_000);
}

describeWithRedis('a message to many, with its state in Redis, hands over', () => handsOver(onRedis));

describe('a message to many, with its state in DynamoDB, hands over', () => handsOver(onDynamoDb));
