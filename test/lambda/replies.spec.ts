import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { createCache } from 'cache-manager';
import { CacheConnectionStore, WebSocketManager, WebSocketModule, type MessageEvent } from '../../src/index.js';
import { createLambdaHandler, type LambdaHandler } from '../../src/lambda/index.js';
import { connect, message, newConnectionId } from '../support/events.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';

/** Counts how often it is asked where connections are. */
class AskedStore extends CacheConnectionStore {
  readonly asked: string[] = [];

  override findMany(connectionIds: readonly string[]): ReturnType<CacheConnectionStore['findMany']> {
    this.asked.push(...connectionIds);
    return super.findMany(connectionIds);
  }
}

@Injectable()
class Listener {
  static answers: (webSockets: WebSocketManager, event: MessageEvent) => Promise<unknown>;

  constructor(private readonly webSockets: WebSocketManager) {}

  @OnEvent('websocket.message', { suppressErrors: false })
  hear(event: MessageEvent): Promise<unknown> {
    return Listener.answers(this.webSockets, event);
  }
}

describe('what a listener sends while a message is handled on Lambda', () => {
  let api: ManagementApiServer;
  let store: AskedStore;
  let handler: LambdaHandler;
  let application: INestApplicationContext;
  beforeEach(async () => {
    api = await ManagementApiServer.start();
    store = new AskedStore(createCache());
    @Module({
      imports: [
        EventEmitterModule.forRoot(),
        WebSocketModule.forRoot({ store, credentials: testCredentials, apiGatewayEndpoint: api.endpoint() }),
      ],
      providers: [Listener],
    })
    class AppModule {}
    handler = createLambdaHandler(AppModule, {
      application: { logger: false },
      onStart: (started) => {
        application = started;
      },
    });
  });
  afterEach(async () => {
    await application.close();
    await stopManagementApis();
  });

  it('reaches the client that sent it without a look into the store', async () => {
    Listener.answers = (webSockets, { connectionId }) => webSockets.sendToConnection(connectionId, { heard: true });
    const connectionId = newConnectionId();
    await handler(connect({ connectionId }));
    await handler(message(connectionId, { text: 'Hello' }));
    expect(api.inboxes).toEqual({ [connectionId]: [{ heard: true }] });
    expect(store.asked).toEqual([]);
  });

  it('looks any other client up', async () => {
    const [connectionId, other] = [newConnectionId(), newConnectionId()];
    Listener.answers = (webSockets) => webSockets.sendToConnection(other, { heard: true });
    for (const id of [connectionId, other]) await handler(connect({ connectionId: id }));
    await handler(message(connectionId, { text: 'Hello' }));
    expect(api.inboxes).toEqual({ [other]: [{ heard: true }] });
    expect(store.asked).toEqual([other]);
  });

  it('does not reach the client that sent it any more once it was disconnected', async () => {
    let sent: boolean | undefined;
    Listener.answers = async (webSockets, { connectionId }) => {
      await webSockets.disconnect(connectionId);
      sent = await webSockets.sendToConnection(connectionId, { heard: true });
    };
    const connectionId = newConnectionId();
    await handler(connect({ connectionId }));
    await handler(message(connectionId, { text: 'Hello' }));
    expect(sent).toBe(false);
    expect(api.inboxes).toEqual({});
  });

  it('is not sent to a client of which the gateway has said that it is gone', async () => {
    const sent: boolean[] = [];
    Listener.answers = async (webSockets, { connectionId }) => {
      for (const text of ['first', 'second']) sent.push(await webSockets.sendToConnection(connectionId, { text }));
    };
    api.answerWith(() => 410);
    const connectionId = newConnectionId();
    const connectedAt = Date.now() - 60_000;
    await handler(connect({ connectionId, connectedAt }));
    await handler(message(connectionId, { text: 'Hello' }, '$default', { connectedAt }));
    expect(sent).toEqual([false, false]);
    expect(api.requests.all).toHaveLength(1);
  });

  it('looks the client up once the message is answered, for it may be gone', async () => {
    const answered = new EventEmitter();
    const later = once(answered, 'answered');
    let sent: Promise<boolean> | undefined;
    Listener.answers = async (webSockets, { connectionId }) => {
      sent = later.then(() => webSockets.sendToConnection(connectionId, { heard: 'late' }));
    };
    const connectionId = newConnectionId();
    await handler(connect({ connectionId }));
    await handler(message(connectionId, { text: 'Hello' }));
    await store.remove(connectionId);
    answered.emit('answered');
    expect(await sent).toBe(false);
    expect(store.asked).toEqual([connectionId]);
    expect(api.inboxes).toEqual({});
  });
});
