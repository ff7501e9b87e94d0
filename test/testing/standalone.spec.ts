import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it, beforeEach } from '@jest/globals';
import { NotRunningError, PayloadTooLargeError, WebSocket, WebSocketManager } from '../../src/index.js';
import { websocketEvent, type WebSocketFake } from '../../src/testing/index.js';

let fake: WebSocketFake;
const { connect, message, disconnect } = websocketEvent;

beforeEach(() => {
  fake = WebSocket.fake();
});

@Injectable()
class Notifier {
  constructor(private readonly webSockets: WebSocketManager) {}

  async ship(userId: number): Promise<void> {
    await this.webSockets.sendToUser(userId, { type: 'shipped' });
  }
}

describe('WebSocket.fake() without an application', () => {
  it('lets code that uses the facade be tested', async () => {
    await WebSocket.sendToUser(42, { type: 'shipped' });
    fake.assertSentToUser(42, { type: 'shipped' });
    expect(() => fake.assertSentToUser(7)).toThrow('sendToUser to user 42: {"type":"shipped"}\n     reached nobody');
  });

  it('lets its manager be injected', async () => {
    const module = await Test.createTestingModule({
      providers: [Notifier, { provide: WebSocketManager, useValue: fake.manager }],
    }).compile();
    await module.get(Notifier).ship(42);
    fake.assertSentToUser(42, { type: 'shipped' });
    await module.close();
  });

  it('keeps state, as an application does', async () => {
    expect((await WebSocket.handle(connect({ connectionId: 'a', userId: 42 }))).statusCode).toBe(200);
    expect((await WebSocket.handle(message('a', { action: 'hello' }))).statusCode).toBe(200);
    expect(await WebSocket.joinChannel('a', 'news')).toBe(true);
    expect(await WebSocket.joinChannel('b', 'news')).toBe(false);
    expect(await WebSocket.getStats()).toEqual({ totalConnections: 1, totalChannels: 1, channels: { news: 1 } });
    expect(await WebSocket.getConnectionsByUserId(42)).toEqual(['a']);
    expect(await WebSocket.sendToConnection('a', 1)).toBe(true);
    expect(await WebSocket.sendToConnection('b', 1)).toBe(false);
    expect(await WebSocket.disconnect('a')).toBe(true);
    expect(await WebSocket.getAllConnections()).toEqual([]);
    await WebSocket.handle(connect({ connectionId: 'c' }));
    await WebSocket.handle(disconnect('c'));
    expect(await WebSocket.getStats()).toEqual({ totalConnections: 0, totalChannels: 0, channels: {} });
    expect(await WebSocket.health()).toMatchObject({ status: 'up' });
    expect(await WebSocket.cleanup()).toBe(0);
    expect(await WebSocket.getBroadcast('none')).toBeNull();
  });

  it('starts with nobody, each time', async () => {
    await WebSocket.handle(connect({ connectionId: 'a' }));
    WebSocket.fake();
    expect(await WebSocket.getAllConnections()).toEqual([]);
  });

  it('takes the limits and channels that it is given', async () => {
    WebSocket.fake({
      maxPayloadBytes: 10,
      maxChannelsPerConnection: 1,
      channels: { rules: { room: { persistent: true } } },
    });
    await expect(WebSocket.broadcast('12345678')).resolves.toEqual({});
    await expect(WebSocket.broadcast('123456789')).rejects.toThrow(PayloadTooLargeError);
    await WebSocket.handle(connect({ connectionId: 'a' }));
    await WebSocket.joinChannel('a', 'one');
    await expect(WebSocket.joinChannel('a', 'two')).rejects.toMatchObject({ code: 'WEBSOCKET_CHANNEL_LIMIT' });
  });

  it('keeps the history of the channels that it is given', async () => {
    WebSocket.fake({ channels: { rules: { room: { persistent: true } } } });
    await WebSocket.publish('room', { n: 1 });
    expect(await WebSocket.getHistory('room')).toEqual([expect.objectContaining({ data: { n: 1 } })]);
  });

  it('answers questions as it is told, and waits for nobody', async () => {
    for (const connectionId of ['a', 'b']) await WebSocket.handle(connect({ connectionId }));
    const startedAt = performance.now();
    const unanswered = await WebSocket.except().sendWithAck({ question: 'Ready?' });
    expect(unanswered).toMatchObject({ responses: {}, missing: ['a', 'b'] });
    fake.answerQuestions((connectionId, { question }: { question: string }) =>
      connectionId === 'a' ? { to: question } : undefined,
    );
    const { responses, missing } = await WebSocket.except().timeout(60_000).sendWithAck({ question: 'Ready?' });
    expect({ ...responses }).toEqual({ a: { to: 'Ready?' } });
    expect(missing).toEqual(['b']);
    // A question waits five seconds, or the sixty that it was given.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    fake.assertBroadcast({ question: 'Ready?' }, 2);
    expect(fake.sent[0]?.method).toBe('sendWithAck');
  });

  it('leaves no timer and no socket behind', async () => {
    const before = process.getActiveResourcesInfo().length;
    await WebSocket.handle(connect({ connectionId: 'a', userId: 42 }));
    await WebSocket.joinChannel('a', 'news');
    await WebSocket.to('news').timeout(60_000).send(1);
    await WebSocket.publish('news', 1);
    await WebSocket.disconnect('a');
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
  });

  it('is over with restore()', () => {
    fake.restore();
    expect(() => WebSocket.broadcast(1)).toThrow(NotRunningError);
  });

  it('leaves its own manager in working order when it is over', async () => {
    const { manager } = fake;
    fake.restore();
    expect(fake.manager).toBe(manager);
    await manager.broadcast(1);
    fake.assertBroadcast(1);
  });
});
