import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RedisConnectionStore, type DeliveryReport, type DisconnectedEvent } from '../../src/index.js';
import { killWorkers, WorkerProcess } from '../processes/worker.process.js';
import { GatewayClient } from '../support/gateway-client.js';
import { connectTestClient, type TestRedisClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

const NODES = 3;
const CLIENTS = 3_000;
const AT_ONCE = 60;

/** How long the state may differ from the truth, with the default lease. */
const BOUND_MS = 30_000;

/** A client, and which node it is connected to. */
interface Client {
  readonly client: GatewayClient;
  readonly node: number;
}

describeWithRedis(`${NODES} processes on one Redis with ${CLIENTS} clients`, () => {
  let redis: RedisServer;
  let probe: TestRedisClient;
  let store: RedisConnectionStore;
  const nodes: WorkerProcess[] = [];
  const clients: Client[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    probe = await connectTestClient(redis.url);
    probe.on('error', () => undefined);
    store = new RedisConnectionStore(probe);
    for (let count = 0; count < NODES; count++) nodes.push(await startNode());
    while (clients.length < CLIENTS) {
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const node = index % NODES;
          const client = await GatewayClient.open((nodes[node]!.greeting as { url: string }).url);
          clients.push({ client, node });
        }),
      );
    }
  }, 60_000);

  afterAll(async () => {
    for (const { client } of clients) client.socket.terminate();
    for (const node of nodes) node.resume();
    await killWorkers();
    probe.destroy();
    await redis.kill();
  });

  const startNode = (): Promise<WorkerProcess> =>
    WorkerProcess.start('node.worker.js', { redis: { url: redis.url }, goneGracePeriodMs: 0, gateway: { port: 0 } });

  const broadcast = (node: number, text: string): Promise<DeliveryReport> =>
    nodes[node]!.ask({ question: 'broadcast', about: text }) as Promise<DeliveryReport>;

  const of = (...ofNodes: number[]): Client[] => clients.filter(({ node }) => ofNodes.includes(node));

  /** How often each of these clients got a message, counted: `{ 1: 3000 }` when all of them got it once. */
  function receipts(text: string, among: readonly Client[] = clients): Record<number, number> {
    const counts: Record<number, number> = {};
    for (const { client } of among) {
      const times = client.messages.all.filter((message) => message === JSON.stringify(text)).length;
      counts[times] = (counts[times] ?? 0) + 1;
    }
    return counts;
  }

  async function expectReceipts(text: string, among: readonly Client[]): Promise<void> {
    await within(5_000, () => receipts(text, among)[0] === undefined);
    expect(receipts(text, among)).toEqual({ 1: among.length });
  }

  const counted = (count: number) => async (): Promise<boolean> =>
    (await store.countConnections().catch(() => -1)) === count;

  it('reach exactly whom they should, whichever of them dies, hangs, or loses its Redis', async () => {
    expect(await broadcast(0, 'all')).toEqual({ delivered: CLIENTS, gone: 0, throttled: 0, failed: 0 });
    await expectReceipts('all', clients);

    await nodes[2]!.kill();
    await within(BOUND_MS, counted(2_000));
    expect(await broadcast(1, 'without the dead')).toMatchObject({ delivered: 2_000, failed: 0 });
    await expectReceipts('without the dead', of(0, 1));

    await redis.kill();
    await redis.restart();
    await within(BOUND_MS, counted(2_000));
    expect(await broadcast(0, 'after Redis')).toMatchObject({ delivered: 2_000, failed: 0 });
    await expectReceipts('after Redis', of(0, 1));

    nodes[1]!.pause();
    expect(await broadcast(0, 'while one is paused')).toMatchObject({ delivered: 1_000, failed: 1_000 });
    await within(BOUND_MS, counted(1_000));
    nodes[1]!.resume();
    for (const { client } of of(1)) expect(await client.closed).toMatchObject({ code: 1012 });
    await expectReceipts('while one is paused', of(0));
    expect(Object.keys(receipts('while one is paused')).every((times) => Number(times) <= 1)).toBe(true);
    expect(await broadcast(1, 'in the end')).toMatchObject({ delivered: 1_000, failed: 0 });
    await expectReceipts('in the end', of(0));
    for (const { client } of of(0)) expect(client.socket.readyState).toBe(client.socket.OPEN);

    const heard = await Promise.all(
      [0, 1].map(
        async (node) => (await nodes[node]!.ask({ question: 'heard' })) as { disconnected: DisconnectedEvent[] },
      ),
    );
    const ended = heard.flatMap(({ disconnected }) => disconnected.map(({ connectionId }) => connectionId));
    expect([ended.length, new Set(ended).size]).toEqual([2_000, 2_000]);
  }, 180_000);
});

/** Resolves once `condition` holds, and fails when that takes longer. */
async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`It did not come to pass within ${ms} ms.`);
    await sleep(100);
  }
}
