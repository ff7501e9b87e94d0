import { describe, expect, it } from '@jest/globals';
import {
  createConnectionsTable,
  DynamoDbConnectionStore,
  RedisConnectionStore,
  type ConnectionStore,
} from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { connectTestClient, keysOf } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { expectAgreement } from './store.agreement.js';
import { killWorkers, WorkerProcess } from './worker.process.js';

const LANES = 4;
/** A machine that has much else to do is no outage. */
const STORE_TIMEOUT_MS = 60_000;
const WRITERS = 5;
const CHANNELS = ['news', 'sport', 'film'];
const USERS = ['user0', 'user1', 'user2'];

/** What the writers write to. */
interface Target {
  readonly kind: 'redis' | 'dynamodb';
  readonly url: string;
  readonly store: ConnectionStore;
  /** How many times all writers are started and killed. */
  readonly rounds: number;
  /** The most operations that a writer starts before it is killed. */
  readonly maxOperations: number;
}

/**
 * Kills writers in the middle of what they do, and expects that nobody who reads meanwhile is shown a connection that is not there, and that
 * afterwards everything agrees.
 */
async function expectToSurvive({ kind, url, store, rounds, maxOperations }: Target): Promise<void> {
  const connectionIds: string[] = [];
  let interrupted = 0;
  for (let round = 0; round < rounds; round++) {
    const names = Array.from({ length: WRITERS }, (_, index) => `writer${round}-${index}`);
    const writers = await Promise.all(
      names.map((name) =>
        WorkerProcess.start('writer.worker.js', { kind, url, name, lanes: LANES, timeoutMs: STORE_TIMEOUT_MS }),
      ),
    );
    let areWriting = true;
    const readers = Promise.all(
      [1, 2].map(async () => {
        let reads = 0;
        while (areWriting) {
          await expectNoGhosts(store);
          reads++;
        }
        return reads;
      }),
    );
    const killed = Promise.all(
      writers.map(async (writer) => {
        writer.begin();
        await writer.said(1 + Math.floor(Math.random() * maxOperations));
        await writer.kill();
      }),
    ).finally(() => {
      areWriting = false;
    });
    const [reads] = await Promise.all([readers, killed]);
    for (const count of reads) expect(count).toBeGreaterThan(0);
    for (const [index, { output }] of writers.entries()) {
      expect(output).toMatch(/^[sd]+$/);
      const started = output.replaceAll('d', '').length;
      if (started > output.length - started) interrupted++;
      for (let lane = 0; lane < LANES; lane++)
        for (let number = 0; number <= started / LANES; number++)
          connectionIds.push(`${names[index]}.${lane}.${number}`);
    }
    await expectAgreement(store, { connectionIds, userIds: USERS, channels: CHANNELS });
  }
  // They were killed in the middle of something, not between two things.
  expect(interrupted).toBeGreaterThan((rounds * WRITERS) / 2);

  const { connections } = await expectAgreement(store, { connectionIds, userIds: USERS, channels: CHANNELS });
  expect(connections.length).toBeGreaterThan(rounds);
  for await (const page of store.staleBefore(Date.now() + 1)) await Promise.all(page.map((id) => store.remove(id)));
  const left = await expectAgreement(store, { connectionIds, userIds: USERS, channels: CHANNELS });
  expect(left.connections).toEqual([]);
}

/** Expects that whoever is on a list, and stays there, has a record. An id is never used twice: one that has gone does not come back. */
async function expectNoGhosts(store: ConnectionStore): Promise<void> {
  const lists = [
    () => collect(store.connections()),
    ...CHANNELS.map((channel) => () => collect(store.members(channel))),
    ...USERS.map((userId) => () => store.connectionsOfUser(userId)),
  ];
  for (const list of lists) {
    const ids = await list();
    const records = await store.findMany(ids);
    const missing = ids.filter((_, index) => records[index] === null);
    const listed = new Set(missing.length === 0 ? [] : await list());
    expect(missing.filter((id) => listed.has(id))).toEqual([]);
  }
}

describeWithRedis('writers to Redis that are killed', () => {
  it('50 times, at any point, leave nothing behind that is seen as connected and is not', async () => {
    const redis = await RedisServer.start();
    const client = await connectTestClient(redis.url);
    try {
      const store = new RedisConnectionStore(client, { timeoutMs: STORE_TIMEOUT_MS });
      await expectToSurvive({ kind: 'redis', url: redis.url, store, rounds: 10, maxOperations: 400 });
      expect((await keysOf(client)).filter((key) => !key.startsWith('websocket:removed:'))).toEqual([]);
    } finally {
      await killWorkers();
      client.destroy();
      await redis.kill();
    }
  }, 120_000);
});

describe('writers to DynamoDB that are killed', () => {
  it('10 times, at any point, leave nothing behind that is seen as connected and is not', async () => {
    const dynamoDb = await DynamoDbServer.start();
    const client = dynamoDb.client();
    try {
      await createConnectionsTable(client);
      const store = new DynamoDbConnectionStore({ client, timeoutMs: STORE_TIMEOUT_MS });
      await expectToSurvive({ kind: 'dynamodb', url: dynamoDb.endpoint, store, rounds: 2, maxOperations: 60 });
    } finally {
      await killWorkers();
      client.destroy();
      await dynamoDb.kill();
    }
  }, 120_000);
});
