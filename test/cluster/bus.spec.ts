import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ConnectionMirror } from '../../src/connections/connection.mirror.js';
import { Clock, SystemClock, type CancelTask } from '../../src/contracts/clock.js';
import { ConnectionStore } from '../../src/index.js';
import { eventually, join, messagesOf, startNode, type Member, type TestNode } from '../support/cluster.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';

/** The time of the machine, which jumps when the test says so: what a process sees that was stopped. */
class JumpingClock extends Clock {
  wallAheadMs = 0;
  monotonicAheadMs = 0;
  private readonly machine = new SystemClock();

  now(): number {
    return this.machine.now() + this.wallAheadMs;
  }

  override monotonicNow(): number {
    return this.machine.monotonicNow() + this.monotonicAheadMs;
  }

  after(delayMs: number, task: () => void): CancelTask {
    return this.machine.after(delayMs, task);
  }
}

describeWithRedis('the bus between nodes', () => {
  const redis = useRedis({ isEmptied: true });
  let nodes: [TestNode, TestNode];
  let members: [Member, Member];

  beforeEach(async () => {
    const cluster = { leaseMs: 60_000, answerTimeoutMs: 300 };
    nodes = [await startNode(redis.url, cluster), await startNode(redis.url, cluster)];
    members = [await join(nodes[0]), await join(nodes[1])];
  });

  afterEach(async () => {
    for (const { client } of members) client.socket.terminate();
    await closeGatewayApps();
  });

  const topicOf = ({ connected }: TestNode): string =>
    `websocket:node:${connected[0]!.connection.endpoint!.slice('local:'.length)}`;
  const cluster = () => nodes[0].app.get(ConnectionStore).cluster()!;

  /** Records a connection on a node that the test plays. */
  async function connectionOf(nodeId: string): Promise<string> {
    const connectionId = `${nodeId}=`;
    const { connection } = nodes[0].connected[0]!;
    await nodes[0].app.get(ConnectionStore).add({ ...connection, connectionId, endpoint: `local:${nodeId}` });
    return connectionId;
  }

  it('is not taken in by what no node has sent, and says so once', async () => {
    const [id] = [members[1].connectionId];
    const header = { v: 1, id: 'r-1', from: 'somebody', type: 'close', ids: [id], code: 4000, reason: '' };
    for (const forged of [
      'hello',
      '{"v":1}\n',
      `${JSON.stringify({ ...header, code: 999 })}\n`,
      `${JSON.stringify({ ...header, ids: id })}\n`,
      `${JSON.stringify({ ...header, from: '../websocket:nodes' })}\n`,
      `${JSON.stringify({ ...header, type: 'constructor' })}\n`,
      `${JSON.stringify({ ...header, type: 'reply', table: [['delivered', '']], by: '0' })}\n`,
      '+only-an-id',
      '+%E0%A4%A news',
      `-${id} news extra`,
    ]) {
      await redis.client.publish(topicOf(nodes[1]), forged);
      await redis.client.publish(topicOf(nodes[1]), forged);
    }
    expect(await nodes[0].manager.sendToConnection(id, 'still there')).toBe(true);
    expect(await messagesOf(members[1], nodes[0])).toEqual(['"still there"']);
    expect(nodes[1].logged.filter((line) => line.includes('[bus.'))).toHaveLength(1);
    await redis.client.publish(topicOf(nodes[1]), `${JSON.stringify({ ...header, v: 2 })}\n`);
    await eventually(() => nodes[1].logged.some((line) => line.includes('[bus.version]')));
  });

  it('waits for a node that is silent no longer than it may, and tells that its connections are unknown', async () => {
    await cluster().registry.join('silent', 60_000);
    const deaf = await redis.client.duplicate().connect();
    const heard: string[] = [];
    await deaf.subscribe('websocket:node:silent', (message) => void heard.push(message));
    const ids = [await connectionOf('silent'), await connectionOf('unheard'), await connectionOf('buried')];
    await cluster().registry.join('unheard', 60_000);
    const startedAt = performance.now();
    const report = await nodes[0].manager.except().send('hello', { outcomes: true });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(report).toMatchObject({ delivered: 2, gone: 0, failed: 3 });
    expect(ids.map((id) => report.outcomes?.[id]?.reason)).toEqual(['node-silent', 'node-away', 'node-gone']);
    expect(heard).toHaveLength(1);
    expect(await nodes[0].manager.disconnect(ids[0]!)).toBe(false);
    expect(await nodes[0].manager.connectionExists(ids[0]!)).toBe(true);
    deaf.destroy();
  });

  it('needs one connection more than the store, and leaves none behind', async () => {
    const clients = async (): Promise<number> =>
      (await redis.client.sendCommand<string>(['CLIENT', 'LIST'])).trim().split('\n').length;
    // Of each node the store's and the bus's, and the test's own.
    expect(await clients()).toBe(5);
    await closeGatewayApps();
    await eventually(async () => (await clients()) === 1);
    expect(await redis.client.zCard('websocket:nodes')).toBe(0);
  });

  it('tells a node of the channels that others made its connections join and leave', async () => {
    const { connectionId } = members[1];
    await nodes[0].manager.joinChannel(connectionId, 'a b:*');
    await nodes[0].manager.joinChannel(connectionId, 'news');
    await nodes[0].manager.leaveChannel(connectionId, 'news');
    // What came before this has been heard before this.
    await messagesOf(members[1], nodes[0]);
    const mirror = nodes[1].app.get(ConnectionMirror);
    expect([...mirror.recipients('a b:*')].flat()).toEqual([expect.objectContaining({ connectionId })]);
    expect([...mirror.recipients('news')]).toEqual([]);
  });

  it.each([
    ['was stopped', 61_000, 61_000],
    ['was stopped while the clock was set back', 0, 61_000],
    ['was suspended with its machine', 61_000, 0],
  ])(
    'keeps a process that %s from bringing connections back that others have ended',
    async (_, wallMs, monotonicMs) => {
      const clock = new JumpingClock();
      const node = await startNode(redis.url, { leaseMs: 60_000 }, { clock });
      const member = await join(node);
      const nodeId = node.connected[0]!.connection.endpoint!.slice('local:'.length);
      // What others do meanwhile, and the minute that a tombstone stands.
      await redis.client.zRem('websocket:nodes', nodeId);
      expect(await cluster().registry.claim(nodeId, 'a burier', 1_000)).toBe(true);
      await nodes[0].app.get(ConnectionStore).remove(member.connectionId);
      await redis.client.del(`websocket:removed:${member.connectionId}`);
      clock.wallAheadMs = wallMs;
      clock.monotonicAheadMs = monotonicMs;
      member.client.send('I am back');
      expect(await member.client.closed).toMatchObject({ code: 1012 });
      expect(await nodes[0].manager.connectionExists(member.connectionId)).toBe(false);
      const returned = await join(node);
      expect(await nodes[0].manager.sendToConnection(returned.connectionId, 'welcome')).toBe(true);
      expect(node.disconnected).toEqual([]);
      returned.client.socket.terminate();
    },
  );
});
