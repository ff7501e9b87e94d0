import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';
import { BROADCAST, CHANNEL, EVERYONE } from './arms.js';

const ROOM = 'everyone';

/** What the decorator @OnEvent does, written out: the benchmarks run without a compiler. */
function listen(type, event, method) {
  OnEvent(event, { suppressErrors: false })(
    type.prototype,
    method,
    Object.getOwnPropertyDescriptor(type.prototype, method),
  );
}

/**
 * The embedded gateway on the HTTP server of a Nest application, state in memory unless told otherwise, every option at its default but those given.
 *
 * @param isInRoom whether each connection joins a channel when it opens
 * @param isCompressed whether messages of any size are compressed
 * @param state options that keep it elsewhere: nodes that share a Redis are a cluster
 * @param answersBy `response` answers by what the listener returns, `send` by a message to the connection
 */
export async function start({ isInRoom = false, isCompressed = false, answersBy = 'response', state = {} }) {
  let manager;
  class Listener {
    onConnected({ connectionId }) {
      return isInRoom ? manager.joinChannel(connectionId, ROOM) : undefined;
    }

    onMessage({ connectionId, message }) {
      return answersBy === 'send' ? void manager.sendToConnection(connectionId, message) : message;
    }
  }
  if (isInRoom) listen(Listener, 'websocket.connected', 'onConnected');
  listen(Listener, 'websocket.message', 'onMessage');
  const gateway = {
    // The clients answer no pings.
    pingIntervalSeconds: 0,
    ...(isCompressed && { compression: { thresholdBytes: 0 } }),
    ...(answersBy === 'response' && { routeResponses: ['$default'] }),
  };
  class Application {}
  Module({ imports: [WebSocketModule.forRoot({ gateway, ...state })], providers: [Listener] })(Application);
  const app = await NestFactory.create(Application, { logger: ['error', 'warn'] });
  manager = app.get(WebSocketManager);
  await app.listen(0, '127.0.0.1');
  return {
    server: app.getHttpServer(),
    path: '/ws',
    calls: {
      [CHANNEL]: ({ data }) => manager.to(ROOM).send(data),
      [EVERYONE]: ({ data }) => manager.except().send(data),
      [BROADCAST]: ({ data }) => manager.broadcast(data),
    },
    /** How many are there to send to. */
    ready: () => (isInRoom ? manager.getStats().then(({ channels }) => channels[ROOM] ?? 0) : countOf(manager)),
  };
}

async function countOf(manager) {
  return (await manager.getStats()).totalConnections;
}
