import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createConnectionsTable,
  DynamoDbConnectionStore,
  RedisConnectionStore,
  type ConnectionStore,
} from '../../src/index.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { connectTestClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { expectAgreement } from './store.agreement.js';
import { killWorkers, WorkerProcess } from './worker.process.js';

const PROCESSES = 4;

const STORE_TIMEOUT_MS = 60_000;

interface Report {
  readonly events: Readonly<Record<'connected' | 'disconnected' | 'joined' | 'left', Readonly<Record<string, number>>>>;
  readonly causes: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** A store that processes share. */
interface SharedStore {
  /** Options of the module that lead to it. */
  readonly options: object;
  readonly store: ConnectionStore;
  /** How many operations each process does. */
  readonly operations: number;
  /** How many of them at once. */
  readonly lanes: number;
}

const names = {
  connectionIds: Array.from({ length: 60 }, (_, index) => `Connection${index}=`),
  userIds: ['ada', 'bob', '*', 'a:b', 'null'],
  channels: ['news', 'a:b', '*', '{x}', '__proto__'],
};

/** Has several applications do random things at once, and expects that the store, and the events that they fired, tell one story. */
async function expectOneStory({ options, store, operations, lanes }: SharedStore): Promise<void> {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  let asked = seed;
  // Every fourth message meets a connection that is gone.
  const api = await ManagementApiServer.start(() =>
    asked++ % 4 === 0 ? { status: 410, error: 'GoneException' } : 200,
  );
  const staleAfterSeconds = 3_600;
  const settings = {
    options: {
      ...options,
      apiGatewayEndpoint: api.endpoint(),
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example-secret' },
      goneGracePeriodMs: 0,
      // A machine that has much else to do is no outage.
      storeTimeoutMs: STORE_TIMEOUT_MS,
      staleAfterSeconds,
    },
    operations,
    lanes,
    staleAfterMs: staleAfterSeconds * 1_000,
    ...names,
  };
  const workers = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      WorkerProcess.start('application.worker.js', { ...settings, seed: seed + index }),
    ),
  );
  for (const worker of workers) worker.begin();
  const reports = (await Promise.all(workers.map((worker) => worker.message()))) as Report[];
  await Promise.all(workers.map((worker) => worker.end()));
  expect(workers.map(({ output }) => output)).toEqual(workers.map(() => ''));

  const sum = (select: (report: Report) => Readonly<Record<string, number>>, key: string): number =>
    reports.reduce((total, report) => total + (select(report)[key] ?? 0), 0);
  try {
    const { connections, membersOf } = await expectAgreement(store, names);
    const registered = new Set(connections.map(({ connectionId }) => connectionId));
    for (const id of names.connectionIds) {
      const accepted = sum(({ events }) => events.connected, id);
      const ended = sum(({ events }) => events.disconnected, id);
      expect([id, accepted - ended]).toEqual([id, registered.has(id) ? 1 : 0]);
      for (const channel of names.channels) {
        const key = JSON.stringify([id, channel]);
        const joined = sum(({ events }) => events.joined, key);
        const left = sum(({ events }) => events.left, key);
        expect([key, joined - left]).toEqual([key, membersOf.get(channel)?.includes(id) === true ? 1 : 0]);
      }
    }
    // All of it happened, or agreement would be no news.
    for (const cause of ['client', 'gone', 'stale']) expect(sum(({ causes }) => causes, cause)).toBeGreaterThan(0);
    for (const outcome of ['join true', 'join false', 'leave true', 'send true', 'send false', 'sweep true'])
      expect([outcome, sum(({ outcomes }) => outcomes, outcome) > 0]).toEqual([outcome, true]);
    const statuses = reports.flatMap(({ outcomes }) => Object.keys(outcomes)).filter((outcome) => /\d/.test(outcome));
    expect(new Set(statuses)).toEqual(new Set(['connect 200', 'disconnect 200']));
  } catch (error) {
    throw new Error(`With SEED=${seed}: ${(error as Error).message}`, { cause: error });
  }
}

describeWithRedis(`${PROCESSES} processes on one Redis`, () => {
  afterEach(stopManagementApis);

  it('agree, after 20,000 random operations on the same connections, on who is there, and fire each end once', async () => {
    const redis = await RedisServer.start();
    const client = await connectTestClient(redis.url);
    try {
      const store = new RedisConnectionStore(client, { timeoutMs: STORE_TIMEOUT_MS });
      await expectOneStory({
        options: { redis: { url: redis.url } },
        store,
        operations: 20_000 / PROCESSES,
        lanes: 16,
      });
    } finally {
      await killWorkers();
      client.destroy();
      await redis.kill();
    }
  }, 120_000);
});

describe(`${PROCESSES} processes on one table of DynamoDB`, () => {
  afterEach(stopManagementApis);

  it('agree, after 800 random operations on the same connections, on who is there, and fire each end once', async () => {
    const dynamoDb = await DynamoDbServer.start();
    const client = dynamoDb.client();
    try {
      await createConnectionsTable(client);
      const store = new DynamoDbConnectionStore({ client, timeoutMs: STORE_TIMEOUT_MS });
      const options = { dynamodb: { endpoint: dynamoDb.endpoint, region: 'eu-west-1' } };
      await expectOneStory({ options, store, operations: 800 / PROCESSES, lanes: 4 });
    } finally {
      await killWorkers();
      client.destroy();
      await dynamoDb.kill();
    }
  }, 120_000);
});
