import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ConnectionStore } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { eventually, join, messagesOf, startNode, type Member, type TestNode } from '../support/cluster.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';

describeWithRedis('three nodes on one Redis', () => {
  const redis = useRedis({ isEmptied: true });
  let nodes: TestNode[];
  /** Two clients on each node. */
  let members: Member[];

  beforeEach(async () => {
    nodes = await Promise.all([startNode(redis.url), startNode(redis.url), startNode(redis.url)]);
    members = [];
    for (const node of nodes) members.push(await join(node), await join(node, '?user=ada'));
  });

  afterEach(async () => {
    for (const { client } of members) client.socket.terminate();
    await closeGatewayApps();
    await stopApplications();
  });

  const ids = (...indexes: number[]): string[] => indexes.map((index) => members[index]!.connectionId);
  const received = (): Promise<string[][]> => Promise.all(members.map((member) => messagesOf(member, nodes[0]!)));

  it('reach a connection of any of them from any of them, once', async () => {
    for (const [index, node] of nodes.entries()) {
      expect(await node.manager.sendToConnection(ids(3)[0]!, `from ${index}`)).toBe(true);
    }
    expect(await received()).toEqual([[], [], [], ['"from 0"', '"from 1"', '"from 2"'], [], []]);
  });

  it('broadcast to everyone, and tell of each', async () => {
    const results = await nodes[1]!.manager.broadcast('all');
    expect(results).toEqual(Object.fromEntries(ids(0, 1, 2, 3, 4, 5).map((id) => [id, true])));
    expect(await received()).toEqual(members.map(() => ['"all"']));
  });

  it('send to the members of a channel but those that are excepted', async () => {
    // By another node than the one that holds the socket.
    for (const index of [0, 2, 4, 5]) expect(await nodes[1]!.manager.joinChannel(ids(index)[0]!, 'news')).toBe(true);
    const report = await nodes[0]!.manager.to('news').except(ids(4)[0]!).send('news');
    expect(report).toEqual({ delivered: 3, gone: 0, throttled: 0, failed: 0 });
    expect(await received()).toEqual([['"news"'], [], ['"news"'], [], [], ['"news"']]);
  });

  it('send to the connections of a user, wherever they are', async () => {
    const results = await nodes[0]!.manager.sendToUser('ada', 'hello, Ada');
    expect(results).toEqual(Object.fromEntries(ids(1, 3, 5).map((id) => [id, true])));
    const everyOther = members.map((_, index) => (index % 2 === 0 ? [] : ['"hello, Ada"']));
    expect(await received()).toEqual(everyOther);
  });

  it('close all connections of a user, and tell of each once', async () => {
    const results = await nodes[2]!.manager.disconnectUser('ada', { code: 4002 });
    expect(results).toEqual(Object.fromEntries(ids(1, 3, 5).map((id) => [id, true])));
    for (const index of [1, 3, 5]) expect(await members[index]!.client.closed).toEqual({ code: 4002, reason: '' });
    expect((await nodes[0]!.manager.getAllConnections()).toSorted()).toEqual(ids(0, 2, 4).toSorted());
    const told = nodes.flatMap(({ disconnected }) => disconnected);
    expect(told.map(({ connectionId }) => connectionId).toSorted()).toEqual(ids(1, 3, 5).toSorted());
    expect(told.map(({ cause }) => cause)).toEqual(['server', 'server', 'server']);
  });

  it('answer a sweep for one another which connections are alive', async () => {
    const { connection } = nodes[2]!.connected[0]!;
    await nodes[0]!.app.get(ConnectionStore).add({ ...connection, connectionId: 'Ghost=', connectedAt: 1_000 });
    const sweeper = await startApplication({ options: { redis: { url: redis.url }, staleAfterSeconds: 1 } });
    await eventually(() => Date.now() - connection.connectedAt > 1_500);
    expect(await sweeper.manager.cleanup({ askGateway: true })).toBe(1);
    expect(await sweeper.manager.connectionExists('Ghost=')).toBe(false);
    expect((await nodes[0]!.manager.getAllConnections()).toSorted()).toEqual(ids(0, 1, 2, 3, 4, 5).toSorted());
  });

  it('close a connection of another node with the code that was asked for, and tell of it once', async () => {
    const closed = await nodes[0]!.manager.disconnect(ids(5)[0]!, { code: 4001, reason: 'enough' });
    expect(closed).toBe(true);
    expect(await members[5]!.client.closed).toEqual({ code: 4001, reason: 'enough' });
    await eventually(() => nodes.some(({ disconnected }) => disconnected.length > 0));
    expect(await nodes[2]!.manager.connectionExists(ids(5)[0]!)).toBe(false);
    const told = nodes.flatMap(({ disconnected }) => disconnected);
    expect(told).toEqual([expect.objectContaining({ connectionId: ids(5)[0], cause: 'server', code: 4001 })]);
  });

  it('publish one message for each node and call, however many it is for', async () => {
    for (let count = 0; count < 20; count++) for (const node of nodes) members.push(await join(node));
    const requests = await busMessagesDuring(async () => {
      const results = await nodes[0]!.manager.broadcast('all');
      expect(Object.values(results).filter((delivered) => delivered)).toHaveLength(66);
    });
    expect(requests.filter(({ type }) => type === 'send')).toHaveLength(2);
    expect(requests.filter(({ type }) => type === 'reply')).toHaveLength(2);
  });

  it('publish one message for each node and call also where calls wait for one another', async () => {
    for (let count = 0; count < 20; count++) for (const node of nodes) members.push(await join(node));
    const requests = await busMessagesDuring(async () => {
      const calls = [1, 2, 3, 4, 5].map((number) => nodes[0]!.manager.except().send(number));
      for (const { delivered } of await Promise.all(calls)) expect(delivered).toBe(66);
    });
    expect(requests.filter(({ type }) => type === 'send')).toHaveLength(10);
    expect(await received()).toEqual(members.map(() => ['1', '2', '3', '4', '5']));
  });

  it('deliver in order what one process sends to one connection', async () => {
    const [id] = ids(4);
    const sent = Array.from({ length: 200 }, (_, number) => number);
    const results = await Promise.all(sent.map((number) => nodes[0]!.manager.sendToConnection(id!, number)));
    expect(results.every((delivered) => delivered)).toBe(true);
    expect((await messagesOf(members[4]!, nodes[0]!)).map(Number)).toEqual(sent);
  });

  it('carry bytes that are not ASCII, and newlines', async () => {
    await nodes[0]!.manager.sendToConnection(ids(3)[0]!, { text: 'grüße\n💬' });
    await nodes[0]!.manager.sendToConnection(ids(3)[0]!, Buffer.from('"a\nb\n"'));
    expect(await messagesOf(members[3]!, nodes[0]!)).toEqual(['{"text":"grüße\\n💬"}', '"a\nb\n"']);
  });

  it('tell a connection without a socket as gone, and forget it', async () => {
    const { manager } = nodes[0]!;
    const local = nodes[2]!.connected[0]!.connection.endpoint!;
    // As when the node could not store that the socket closed.
    await manager.handle(
      {
        requestContext: { eventType: 'CONNECT', routeKey: '$connect', connectionId: 'Ghost=', connectedAt: 1 },
        isBase64Encoded: false,
      },
      { endpoint: local },
    );
    const { outcomes, ...counts } = await manager.except().send('hello', { outcomes: true });
    expect(counts).toEqual({ delivered: 6, gone: 1, throttled: 0, failed: 0 });
    expect(outcomes?.['Ghost=']).toEqual({ status: 'gone', reason: 'gone' });
    expect(await manager.connectionExists('Ghost=')).toBe(false);
  });

  it('reach everybody from a process without a gateway', async () => {
    const { manager } = await startApplication({ options: { redis: { url: redis.url } } });
    expect(Object.values(await manager.broadcast('from a worker'))).toEqual(members.map(() => true));
    expect(await received()).toEqual(members.map(() => ['"from a worker"']));
    expect(await manager.disconnect(ids(0)[0]!)).toBe(true);
    expect(await members[0]!.client.closed).toEqual({ code: 1000, reason: '' });
  });

  it('keep applications with different prefixes apart', async () => {
    const other = await startNode(redis.url, undefined, { keyPrefix: 'other:' });
    const stranger = await join(other);
    try {
      expect(Object.keys(await other.manager.broadcast('other'))).toEqual([stranger.connectionId]);
      expect(Object.keys(await nodes[0]!.manager.broadcast('ours')).sort()).toEqual(ids(0, 1, 2, 3, 4, 5).sort());
      expect(await messagesOf(stranger, other)).toEqual(['"other"']);
      expect(await received()).toEqual(members.map(() => ['"ours"']));
    } finally {
      stranger.client.socket.terminate();
    }
  });

  /** What is published on topics of nodes while `work` is done. */
  async function busMessagesDuring(work: () => Promise<void>): Promise<{ type?: string }[]> {
    const seen: { type?: string }[] = [];
    const listener = await redis.client.duplicate().connect();
    await listener.pSubscribe('websocket:node:*', (message) => void seen.push(parsed(message)));
    await work();
    // What came before this came before that.
    await redis.client.publish('websocket:node:end', '{"type":"end"}\n');
    await eventually(() => seen.some(({ type }) => type === 'end'));
    listener.destroy();
    return seen;
  }
});

function parsed(message: string): { type?: string } {
  return message.startsWith('{') ? (JSON.parse(message.split('\n')[0]!) as { type?: string }) : {};
}
