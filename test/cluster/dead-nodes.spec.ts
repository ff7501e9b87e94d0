import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ConnectionStore, RedisConnectionStore } from '../../src/index.js';
import { killWorkers, WorkerProcess } from '../processes/worker.process.js';
import {
  eventually,
  join,
  messagesOf,
  SHORT_LEASE,
  startNode,
  type Member,
  type TestNode,
} from '../support/cluster.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { GatewayClient } from '../support/gateway-client.js';
import { connectTestClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

const LEASE_MS = SHORT_LEASE.leaseMs!;

/** Two leases, which is 30 s by default, and some time for a busy machine. */
const WITHIN_MS = 2 * LEASE_MS + 2_000;

interface Greeting {
  readonly url: string;
}

interface Heard {
  readonly disconnected: readonly { readonly connectionId: string }[];
}

describeWithRedis('nodes of which one dies', () => {
  let redis: RedisServer;
  let survivors: TestNode[];
  let mortal: WorkerProcess;
  /** Three clients of the one that dies, then one of each other. All are in a channel. */
  let members: Member[];

  beforeEach(async () => {
    redis = await RedisServer.start();
    survivors = [await startNode(redis.url), await startNode(redis.url)];
    mortal = await WorkerProcess.start('node.worker.js', {
      redis: { url: redis.url },
      goneGracePeriodMs: 0,
      gateway: { port: 0, cluster: SHORT_LEASE, drain: { durationMs: 1, graceMs: 2_000 } },
    });
    members = [];
    for (let count = 0; count < 3; count++) members.push(await joinMortal());
    for (const node of survivors) members.push(await join(node));
    for (const { connectionId } of members) await survivors[0]!.manager.joinChannel(connectionId, 'news');
    // A node that has only just come buries nobody.
    const since = Date.now();
    await eventually(() => Date.now() - since > LEASE_MS * 1.5);
  });

  afterEach(async () => {
    for (const { client } of members) client.socket.terminate();
    mortal.resume();
    await killWorkers();
    await closeGatewayApps();
    await redis.kill();
  });

  const registry = () => survivors[0]!.app.get(ConnectionStore).cluster()!.registry;
  const told = () => survivors.flatMap(({ disconnected }) => disconnected);
  const ids = (...indexes: number[]): string[] => indexes.map((index) => members[index]!.connectionId).toSorted();

  it('have its connections removed within two leases, and fire each end once', async () => {
    const killedAt = Date.now();
    await mortal.kill();
    const report = await survivors[0]!.manager.to('news').send('meanwhile', { outcomes: true });
    expect(report).toMatchObject({ delivered: 2, failed: 3 });
    expect(['node-away', 'node-gone']).toContain(report.outcomes?.[members[0]!.connectionId]?.reason);
    await eventually(() => told().length >= 3);
    await eventually(async () => (await registry().nodes()).length === 2);
    expect(Date.now() - killedAt).toBeLessThan(WITHIN_MS);
    expect(
      told()
        .map(({ connectionId }) => connectionId)
        .toSorted(),
    ).toEqual(ids(0, 1, 2));
    expect(told().map(({ cause, channels }) => ({ cause, channels }))).toEqual(
      members.slice(0, 3).map(() => ({ cause: 'gone', channels: ['news'] })),
    );
    expect(await survivors[1]!.manager.getStats()).toMatchObject({ totalConnections: 2, channels: { news: 2 } });
    expect(await messagesOf(members[3]!, survivors[0]!)).toEqual(['"meanwhile"']);
  });

  it('end its connections after the one that had taken that upon itself is dead as well', async () => {
    const [victim] = (await registry().nodes()).filter(
      (id) => !survivors.some((node) => endpointOf(node).endsWith(id)),
    );
    const client = await connectTestClient(redis.url);
    const held = `websocket:node:burial:${victim}`;
    await client.set(held, 'a burier that is dead', { expiration: { type: 'PX', value: LEASE_MS * 2.5 } });
    await mortal.kill();
    await eventually(async () => (await registry().expired()).includes(victim!));
    while ((await client.exists(held)) === 1) expect(told()).toEqual([]);
    client.destroy();
    await eventually(() => told().length >= 3);
    expect(
      told()
        .map(({ connectionId }) => connectionId)
        .toSorted(),
    ).toEqual(ids(0, 1, 2));
  });

  it('tell the clients of one that was paused for too long to come back, and work with it again', async () => {
    mortal.pause();
    const silent = await survivors[0]!.manager.to('news').send('while paused', { outcomes: true });
    expect(silent).toMatchObject({ delivered: 2, failed: 3 });
    expect(silent.outcomes?.[members[0]!.connectionId]).toEqual({ status: 'failed', reason: 'node-silent' });
    await eventually(() => told().length >= 3);
    mortal.resume();
    for (const { client } of members.slice(0, 3)) {
      expect(await client.closed).toMatchObject({ code: 1012 });
      // It may arrive late, but not twice.
      expect(client.messages.all.filter((message) => message === '"while paused"').length).toBeLessThanOrEqual(1);
    }
    const returned = await joinMortal();
    members.push(returned);
    await eventually(() => survivors[1]!.manager.sendToConnection(returned.connectionId, 'welcome back'));
    expect(await messagesOf(returned, survivors[0]!)).toEqual(['"welcome back"']);
    expect((await survivors[0]!.manager.getAllConnections()).toSorted()).toEqual(ids(3, 4, 5));
    const heard = (await mortal.ask({ question: 'heard' })) as Heard;
    const all = [...told(), ...heard.disconnected].map(({ connectionId }) => connectionId);
    expect(all.toSorted()).toEqual(ids(0, 1, 2));
  });

  it('leave a node alone that was paused for less than its lease', async () => {
    mortal.pause();
    const since = Date.now();
    await eventually(() => Date.now() - since > LEASE_MS / 2);
    mortal.resume();
    await eventually(async () => Object.values(await survivors[0]!.manager.broadcast('all')).every(Boolean));
    expect(told()).toEqual([]);
    expect((await survivors[0]!.manager.getAllConnections()).toSorted()).toEqual(ids(0, 1, 2, 3, 4));
  });

  it('keep their state right when Redis is killed while one of them is dead', async () => {
    await mortal.kill();
    await redis.kill();
    await redis.restart();
    await eventually(async () => {
      const stats = await survivors[0]!.manager.getStats().catch(() => null);
      return stats?.totalConnections === 2 && stats.channels['news'] === 2;
    });
    expect((await survivors[1]!.manager.getConnectionsByChannel('news')).toSorted()).toEqual(ids(3, 4));
  });

  function endpointOf({ connected }: TestNode): string {
    return connected[0]?.connection.endpoint ?? '';
  }

  async function joinMortal(): Promise<Member> {
    const { manager } = survivors[0]!;
    const before = new Set(await manager.getAllConnections());
    const client = await GatewayClient.open((mortal.greeting as Greeting).url);
    const connectionId = (await manager.getAllConnections()).find((id) => !before.has(id))!;
    return { client, connectionId };
  }
});

describeWithRedis('a node', () => {
  it('ends the connections of nodes that nobody knows, and leaves those alone that are none', async () => {
    const redis = await RedisServer.start();
    const client = await connectTestClient(redis.url);
    const store = new RedisConnectionStore(client);
    try {
      for (const [connectionId, endpoint] of [
        ['Orphan=', 'local:nobody'],
        ['Alone=', 'local:alone:somebody'],
        ['Amazon=', 'https://abc123.execute-api.eu-west-1.amazonaws.com/production'],
      ] as const) {
        const record = { connectionId, connectedAt: Date.now(), userId: null, routeKey: '$connect', channels: [] };
        await store.add({ ...record, endpoint });
      }
      const node = await startNode(redis.url);
      await eventually(() => node.disconnected.length > 0);
      expect(node.disconnected).toEqual([expect.objectContaining({ connectionId: 'Orphan=', cause: 'gone' })]);
      expect((await node.manager.getAllConnections()).toSorted()).toEqual(['Alone=', 'Amazon=']);
    } finally {
      await closeGatewayApps();
      client.destroy();
      await redis.kill();
    }
  });
});
