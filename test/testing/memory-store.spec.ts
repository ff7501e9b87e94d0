import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createCache } from 'cache-manager';
import {
  CacheConnectionStore,
  ConnectionStore,
  OnWebSocketMessage,
  WebSocket,
  WebSocketModule,
  type MessageEvent,
  type WebSocketModuleOptions,
} from '../../src/index.js';
import { websocketEvent } from '../../src/testing/index.js';
import { LogCapture } from '../support/log.capture.js';

@Injectable()
class ChatListener {
  @OnWebSocketMessage('join')
  async join({ connectionId, message }: MessageEvent<{ room: string }>): Promise<void> {
    await WebSocket.joinChannel(connectionId, message.room);
    await WebSocket.sendToChannel(message.room, { joined: connectionId });
  }
}

let app: INestApplicationContext | undefined;

afterEach(async () => {
  await app?.close();
});

/** A port on which nobody listens. */
const NOWHERE = '127.0.0.1:1';

describe('an application whose store is replaced by one in memory', () => {
  it.each<[string, WebSocketModuleOptions]>([
    ['Redis', { redis: { url: `redis://${NOWHERE}` } }],
    ['DynamoDB', { dynamodb: { tableName: 'Connections', region: 'us-east-1', endpoint: `http://${NOWHERE}` } }],
  ])('is tested without its %s', async (_, options) => {
    const fake = WebSocket.fake();
    const logs = new LogCapture();
    const rules = { '{room}': { publish: true, presence: true, persistent: true } };
    const admission = { maxConnections: 2, messagesPerSecond: 100 };
    app = await Test.createTestingModule({
      imports: [WebSocketModule.forRoot({ ...options, admission, channels: { rules } })],
      providers: [ChatListener],
    })
      .setLogger(logs)
      .overrideProvider(ConnectionStore)
      .useValue(new CacheConnectionStore(createCache()))
      .compile();
    await app.init();
    for (const connectionId of ['ada', 'eve']) await WebSocket.handle(websocketEvent.connect({ connectionId }));
    await WebSocket.handle(websocketEvent.message('ada', { action: 'join', room: 'lobby' }));
    fake.assertSentTo('ada', { joined: 'ada' });
    fake.assertNotSentTo('eve');
    await WebSocket.handle(websocketEvent.message('eve', { action: 'subscribe', id: '1', channel: 'hall' }));
    await WebSocket.publish('hall', { n: 1 });
    fake.assertSentTo('eve', { n: 1 });
    expect(await WebSocket.getHistory('hall')).toHaveLength(1);
    expect(await WebSocket.handle(websocketEvent.connect())).toMatchObject({ statusCode: 503 });
    expect(await WebSocket.health()).toMatchObject({ status: 'up' });
    expect(logs.codes()).toEqual([]);
  });
});
