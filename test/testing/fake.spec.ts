import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  PayloadTooLargeError,
  WebSocket,
  WebSocketHandler,
  WebSocketManager,
  type ConnectedEvent,
  type MessageEvent,
} from '../../src/index.js';
import { websocketEvent } from '../../src/testing/index.js';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { EventRecorder } from '../support/recorder.js';

@Injectable()
class ChatListener {
  constructor(private readonly webSockets: WebSocketManager) {}

  @OnEvent('websocket.connected')
  async welcome({ connectionId }: ConnectedEvent): Promise<void> {
    await this.webSockets.sendToConnection(connectionId, { welcome: true });
  }

  @OnEvent('websocket.join')
  async join({ connectionId, message }: MessageEvent<{ room: string }>): Promise<void> {
    await this.webSockets.joinChannel(connectionId, message.room);
    await WebSocket.sendToChannel(message.room, { joined: connectionId });
  }
}

let server: ManagementApiServer;

async function start(): Promise<RunningApplication> {
  return startApplication({
    options: { apiGatewayEndpoint: server.endpoint() },
    providers: [ChatListener, EventRecorder],
  });
}

const { connect, message } = websocketEvent;

beforeEach(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  server = await ManagementApiServer.start();
});

afterEach(async () => {
  await stopApplications();
  await stopManagementApis();
});

describe('WebSocket.fake() with an application', () => {
  it.each(['before', 'after'])('records what listeners send, called %s the application starts', async (order) => {
    const early = order === 'before' ? WebSocket.fake() : null;
    const { manager } = await start();
    const fake = early ?? WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    const answer = await WebSocket.handle(message('a', { action: 'join', room: 'lobby' }));
    expect(answer.statusCode).toBe(200);
    fake.assertJoined('a', 'lobby');
    fake.assertSentToChannel('lobby', { joined: 'a' }, 1);
    fake.assertSentTo('a', { joined: 'a' });
    expect(fake.sent.at(-1)).toMatchObject({
      method: 'sendToChannel',
      target: { channels: ['lobby'] },
      data: { joined: 'a' },
      recipients: ['a'],
    });
    expect(fake.manager).toBe(manager);
    expect(server.requests.all).toEqual([]);
  });

  it('records what goes out through the facade, the manager and the handler', async () => {
    const { manager, get } = await start();
    const fake = WebSocket.fake();
    await WebSocket.broadcast(1);
    await manager.broadcast(2);
    await get(WebSocketHandler).broadcast(3);
    expect(fake.sent.map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  it('resolves what a delivery would', async () => {
    const { manager } = await start();
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a', userId: 42 }));
    await manager.joinChannel('a', 'news');
    expect(await manager.sendToConnection('a', 0)).toBe(true);
    expect(await manager.sendToConnection('b', 0)).toBe(false);
    expect(await manager.sendToConnection('', 0)).toBe(false);
    expect({ ...(await manager.sendToConnections(['a', 'b', 'a'], 0)) }).toEqual({ a: true, b: false });
    expect(fake.sent.at(-1)?.recipients).toEqual(['a']);
    expect({ ...(await manager.sendToUser(42, 0)) }).toEqual({ a: true });
    expect(await manager.to('news').send(0, { outcomes: true })).toEqual({
      ...{ delivered: 1, gone: 0, throttled: 0, failed: 0 },
      outcomes: { a: { status: 'delivered' } },
    });
    expect(await manager.publish('news', 0)).toMatchObject({ delivery: { delivered: 1 } });
    expect(await manager.toUser(42).send(0, { signal: AbortSignal.abort() })).toMatchObject({
      aborted: true,
      delivered: 0,
    });
  });

  it('takes no message for sent that API Gateway could not deliver yet, and says why', async () => {
    const { manager } = await start();
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    fake.assertNotSentTo('a');
    expect(() => fake.assertSentTo('a', { welcome: true })).toThrow(
      'not "a", whose $connect is still being answered: API Gateway refuses messages until then',
    );
  });

  it('closes connections without a network, and tells listeners', async () => {
    const { manager, get } = await start();
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    expect(await manager.disconnect('a', { code: 4001 })).toBe(true);
    expect(await manager.disconnect('a')).toBe(false);
    fake.assertDisconnected('a', { code: 4001 });
    expect(get(EventRecorder).disconnected).toEqual([expect.objectContaining({ cause: 'server', code: 4001 })]);
    expect(server.requests.all).toEqual([]);
  });

  it('asks no gateway whether connections are alive', async () => {
    const { manager } = await start();
    WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a', at: Date.now() }));
    expect(await manager.cleanup({ askGateway: true })).toBe(0);
    expect(server.requests.all).toEqual([]);
  });

  it('hands nothing over to workers', async () => {
    const client = { send: () => Promise.reject(new Error('This is the network.')) };
    const { manager } = await startApplication({
      options: { fanout: { offload: { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q', threshold: 1, client } } },
    });
    const fake = WebSocket.fake();
    for (const connectionId of ['a', 'b', 'c']) await manager.handle(connect({ connectionId }));
    expect(await manager.except().send(1)).toMatchObject({ delivered: 3 });
    fake.assertBroadcast(1, 1);
  });

  it('leaves alone what was being sent when it began', async () => {
    const client = { send: () => Promise.reject(new Error('This is the network.')) };
    const offload = { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q', threshold: 10, client };
    const { manager } = await startApplication({
      options: { apiGatewayEndpoint: server.endpoint(), fanout: { offload } },
    });
    await manager.handle(connect({ connectionId: 'a' }));
    const sends = [manager.except().send(1), manager.broadcast(2), manager.sendToConnection('a', 3)];
    const fake = WebSocket.fake();
    await Promise.all(sends);
    expect(server.inboxes['a']?.toSorted()).toEqual([1, 2, 3]);
    fake.assertNothingSent();
  });

  it('still checks what is sent, and records nothing that is refused', async () => {
    const { manager } = await start();
    const fake = WebSocket.fake();
    await expect(manager.broadcast('x'.repeat(131_072))).rejects.toThrow(PayloadTooLargeError);
    await expect(manager.broadcast(undefined)).rejects.toMatchObject({ code: 'WEBSOCKET_INVALID_PAYLOAD' });
    fake.assertNothingSent();
  });

  it('records what clients are answered by the protocol, and what they publish', async () => {
    const { manager } = await startApplication({ options: { channels: { rules: { room: { publish: true } } } } });
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    await manager.handle(message('a', { action: 'subscribe', id: 's', channel: 'room' }));
    await manager.handle(message('a', { action: 'publish', channel: 'room', data: { n: 1 } }));
    fake.assertJoined('a', 'room');
    fake.assertSentTo('a', { type: 'subscribed', id: 's', channel: 'room' }, 1);
    expect(fake.sent[0]).toMatchObject({ method: 'protocol', target: { connectionIds: ['a'] } });
    fake.assertPublished('room', { n: 1 }, 1);
  });
});

describe('the end of a fake', () => {
  it('is restore(), after which messages are delivered', async () => {
    const { manager } = await start();
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    await manager.joinChannel('a', 'news');
    fake.clear();
    fake.restore();
    expect(await manager.sendToConnection('a', 'real')).toBe(true);
    expect(server.inboxes).toEqual({ a: ['real'] });
    await manager.leaveChannel('a', 'news');
    expect(await manager.disconnect('a')).toBe(true);
    expect(server.requests.all.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
    fake.assertNothingSent();
    fake.assertNotLeft('a', 'news');
    fake.assertNotDisconnected('a');
  });

  it('is the end of the block for which it was declared with using', async () => {
    const { manager } = await start();
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    fake[Symbol.dispose]();
    await manager.sendToConnection('a', 'real');
    expect(server.inboxes).toEqual({ a: ['real'] });
  });

  it('is the closing of the last application: the next one delivers', async () => {
    const fake = WebSocket.fake();
    const first = await start();
    await first.app.close();
    expect(() => WebSocket.getStats()).toThrow('WebSocketModule.forRoot()');
    const { manager } = await start();
    await manager.handle(connect({ connectionId: 'a' }));
    expect(await manager.sendToConnection('a', 'real')).toBe(true);
    expect(server.inboxes).toEqual({ a: ['real'] });
    fake.assertNothingSent();
  });

  it('lets nothing of the application out that has closed', async () => {
    const { manager, app } = await start();
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    await app.close();
    expect(await manager.sendToConnection('a', 'late')).toBe(true);
    fake.assertSentTo('a', 'late');
    expect(server.requests.all).toEqual([]);
  });

  it('does not let out what was being sent', async () => {
    const { manager } = await start();
    const fake = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a', userId: 42 }));
    fake.clear();
    const sends = [
      manager.broadcast(1),
      manager.sendToUser(42, 2),
      manager.to('news').toUser(42).send(3),
      manager.sendToConnection('a', 4),
    ];
    fake.restore();
    await Promise.all(sends);
    await setImmediate();
    expect(server.requests.all).toEqual([]);
    expect(fake.sent.map(({ data }) => data).sort()).toEqual([1, 2, 3, 4]);
  });
});

describe('a second fake', () => {
  it('starts anew, and the first records nothing more', async () => {
    const { manager } = await start();
    const first = WebSocket.fake();
    await manager.broadcast(1);
    const second = WebSocket.fake();
    second.assertNothingSent();
    await manager.broadcast(2);
    second.assertBroadcast(2, 1);
    first.assertBroadcast(1, 1);
    first.assertNotBroadcast(2);
  });

  it('is not ended by the restore() of the first', async () => {
    const { manager } = await start();
    const first = WebSocket.fake();
    const second = WebSocket.fake();
    await manager.handle(connect({ connectionId: 'a' }));
    first.restore();
    await manager.sendToConnection('a', 1);
    second.assertSentTo('a', 1);
    expect(server.requests.all).toEqual([]);
  });
});

describe('two applications', () => {
  it('are both recorded, and the facade speaks for the one that started last', async () => {
    const [first, second] = [await start(), await start()];
    const fake = WebSocket.fake();
    await first.manager.handle(connect({ connectionId: 'a' }));
    await second.manager.handle(connect({ connectionId: 'b' }));
    fake.clear();
    await first.manager.broadcast(1);
    await second.manager.broadcast(2);
    await WebSocket.broadcast(3);
    expect(fake.sent.map(({ data, recipients }) => [data, recipients])).toEqual([
      [1, ['a']],
      [2, ['b']],
      [3, ['b']],
    ]);
  });

  it('go on being recorded when one of them closes', async () => {
    const [first, second] = [await start(), await start()];
    const fake = WebSocket.fake();
    await first.manager.handle(connect({ connectionId: 'a' }));
    await second.app.close();
    await first.manager.sendToConnection('a', 1);
    fake.assertSentTo('a', 1);
    expect(server.requests.all).toEqual([]);
  });
});

describe('messages that are sent at once', () => {
  it('are each recorded once, in the order of the calls, with those whom they reached', async () => {
    const { manager } = await start();
    const fake = WebSocket.fake();
    const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
    for (const connectionId of ids) await manager.handle(connect({ connectionId, userId: connectionId }));
    fake.clear();
    await Promise.all(
      ids.map((connectionId, index) =>
        index % 2 === 0 ? manager.sendToConnections([connectionId], index) : manager.sendToUser(connectionId, index),
      ),
    );
    expect(fake.sent.map(({ data, recipients }) => [data, recipients])).toEqual(ids.map((id, index) => [index, [id]]));
  });
});
