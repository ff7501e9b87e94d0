import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { ConnectionMirror } from '../../src/connections/connection.mirror.js';
import type { Lease } from '../../src/contracts/node.registry.js';
import { ConnectionStore } from '../../src/index.js';
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
import { connectTestClient } from '../support/redis.keys.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

describeWithRedis('nodes whose Redis goes away', () => {
  let folder: string;
  let redis: RedisServer;
  let nodes: TestNode[];
  let members: Member[];

  beforeEach(async () => {
    folder = await mkdtemp(joinPath(tmpdir(), 'cluster-'));
  });

  afterEach(async () => {
    for (const { client } of members) client.socket.terminate();
    // Open again where a test left it dead: the nodes store their ends there.
    await closeGatewayApps();
    await redis.kill();
    await rm(folder, { recursive: true });
  });

  /** Two nodes with two clients each, of which the second is in a channel. */
  async function start(...redisArguments: string[]): Promise<void> {
    redis = await RedisServer.start({ arguments: ['--dir', folder, ...redisArguments] });
    nodes = [await startNode(redis.url), await startNode(redis.url)];
    members = [];
    for (const node of nodes) {
      members.push(await join(node), await join(node));
      await node.manager.joinChannel(members.at(-1)!.connectionId, 'news');
    }
  }

  const allDisconnected = () => nodes.flatMap(({ disconnected }) => disconnected);

  async function stateBecomes(connected: number, inNews: number): Promise<void> {
    await eventually(async () => {
      const stats = await nodes[0]!.manager.getStats().catch(() => null);
      return stats?.totalConnections === connected && (stats.channels['news'] ?? 0) === inNews;
    }, `${connected} connections, ${inNews} of them in a channel`);
  }

  it('register their connections again, with their channels, when it comes back empty', async () => {
    await start();
    await redis.kill();
    await redis.restart();
    await stateBecomes(4, 2);
    const found = await nodes[0]!.manager.getConnection(members[3]!.connectionId);
    expect(found).toEqual({ ...nodes[1]!.connected[1]!.connection, channels: ['news'] });
    await eventually(async () => Object.values(await nodes[0]!.manager.sendToChannel('news', 'again')).every(Boolean));
    expect(new Set(await messagesOf(members[3]!, nodes[0]!))).toEqual(new Set(['"again"']));
    expect(allDisconnected()).toEqual([]);
  });

  it('tell afterwards, once, of who left while it was away, with their channels', async () => {
    await start();
    await redis.kill();
    await members[1]!.client.close(1000, 'bye');
    await members[2]!.client.close(1000, 'bye');
    const unsettled = () => nodes.flatMap(({ app }) => [...app.get(ConnectionMirror).unsettledEnds]);
    await eventually(() => unsettled().filter(({ state }) => state === 'failed').length === 2);
    await redis.restart();
    await stateBecomes(2, 1);
    await eventually(() => allDisconnected().length >= 2);
    expect(allDisconnected()).toEqual([
      expect.objectContaining({ connectionId: members[1]!.connectionId, cause: 'client', channels: ['news'] }),
      expect.objectContaining({ connectionId: members[2]!.connectionId, cause: 'client', channels: [] }),
    ]);
    await eventually(() => unsettled().length === 0);
  });

  it('tell of who leaves between its return and the moment in which they notice that it is empty', async () => {
    await start();
    const client = await connectTestClient(redis.url);
    // Without a connection that breaks: as a failover to a replica that had heard of nothing.
    await client.flushAll();
    client.destroy();
    await members[1]!.client.close();
    await stateBecomes(3, 1);
    await eventually(() => allDisconnected().length > 0);
    expect(allDisconnected()).toEqual([
      expect.objectContaining({ connectionId: members[1]!.connectionId, channels: ['news'] }),
    ]);
  });

  it('find everything as it was when it comes back with its data', async () => {
    await start('--appendonly', 'yes');
    await redis.kill();
    await members[3]!.client.close();
    await redis.restart();
    await stateBecomes(3, 1);
    await eventually(() => allDisconnected().length > 0);
    expect(allDisconnected().map(({ connectionId }) => connectionId)).toEqual([members[3]!.connectionId]);
    await eventually(async () => Object.values(await nodes[0]!.manager.broadcast('all')).every(Boolean));
  });

  it('bring it up to date when it comes back as it was earlier', async () => {
    await start();
    const client = await connectTestClient(redis.url);
    await client.sendCommand(['SAVE']);
    client.destroy();
    // A lease that was renewed since tells that later writes are lost.
    await members[1]!.client.close();
    const late = await join(nodes[1]!);
    members.push(late);
    await nodes[0]!.manager.joinChannel(members[0]!.connectionId, 'news');
    await nodes[1]!.manager.joinChannel(late.connectionId, 'news');
    await renewal();
    await redis.kill();
    await redis.restart();
    const sorted = (...found: Member[]) =>
      found
        .map(({ connectionId }) => connectionId)
        .toSorted()
        .join();
    await eventually(async () => {
      const { manager } = nodes[0]!;
      const inNews = (await manager.getConnectionsByChannel('news').catch(() => [])).toSorted().join();
      const all = (await manager.getAllConnections().catch(() => [])).toSorted().join();
      return (
        inNews === sorted(members[0]!, members[3]!, late) && all === sorted(members[0]!, members[2]!, members[3]!, late)
      );
    }, 'the state to be what it was last');
  });

  it('take nobody for dead before it could come back', async () => {
    await start();
    const { registry } = nodes[0]!.app.get(ConnectionStore).cluster()!;
    const lease = (await registry.join('slow', SHORT_LEASE.leaseMs!)) as Lease;
    redis.pause();
    await passed(2 * SHORT_LEASE.leaseMs!);
    redis.resume();
    await renewal('slow');
    await passed(SHORT_LEASE.leaseMs! / 3);
    expect(await registry.expired()).toEqual(['slow']);
    expect(await registry.renew('slow', SHORT_LEASE.leaseMs!, lease)).toEqual({ until: expect.any(Number) });
    // And those that do not come back are dead.
    await eventually(async () => !(await registry.nodes()).includes('slow'));
    await stateBecomes(4, 2);
    expect(allDisconnected()).toEqual([]);
    for (const { client } of members) expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('close all the same, without waiting for it', async () => {
    await start();
    await redis.kill();
    await closeGatewayApps();
    expect(members.map(({ client }) => client.socket.readyState)).toEqual(members.map(() => WebSocket.CLOSED));
  });

  it('refuse to send while it is away, and pile nothing up', async () => {
    await start();
    redis.pause();
    const attempts = await Promise.allSettled(
      Array.from({ length: 50 }, () => nodes[0]!.manager.sendToConnection(members[2]!.connectionId, 'lost')),
    );
    expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 'rejected'));
    redis.resume();
    await stateBecomes(4, 2);
    await eventually(() => nodes[0]!.manager.sendToConnection(members[2]!.connectionId, 'there').catch(() => false));
    expect(new Set(await messagesOf(members[2]!, nodes[0]!))).toEqual(new Set(['"there"']));
  });

  /** Resolves when every node but one has renewed its lease since. */
  async function renewal(exception?: string): Promise<void> {
    const client = await connectTestClient(redis.url);
    const leases = async () =>
      (await client.zRangeWithScores('websocket:nodes', 0, -1)).filter(({ value }) => value !== exception);
    const before = new Map((await leases()).map(({ value, score }) => [value, score]));
    await eventually(async () => {
      const now = await leases();
      return now.length === nodes.length && now.every(({ value, score }) => score > (before.get(value) ?? Infinity));
    });
    client.destroy();
  }
});

/** Resolves after so long. */
async function passed(ms: number): Promise<void> {
  const since = Date.now();
  await eventually(() => Date.now() - since > ms);
}
