// An application with the embedded gateway in a process of its own, that measures what is left in it when asked.
import { Buffer } from 'node:buffer';
import { readdirSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { EmbeddedGateway, WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';
import { WebSocket } from 'ws';

const { options } = JSON.parse(process.argv[2]);

class AppModule {}
Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot(options)] })(AppModule);

const application = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
const manager = application.get(WebSocketManager);
const emitter = application.get(EventEmitter2);
emitter.on('websocket.message', ({ connectionId, eventData }) => {
  return manager.sendToConnection(connectionId, Buffer.from(eventData.body));
});
emitter.on('websocket.ping', () => 'pong');
emitter.on('websocket.join', ({ connectionId, message }) => manager.joinChannel(connectionId, message.channel));
emitter.on('websocket.leave', ({ connectionId, message }) => manager.leaveChannel(connectionId, message.channel));
emitter.on('websocket.tell', ({ message }) => manager.sendToChannel(message.channel, 'told'));
emitter.on('websocket.kick', ({ connectionId }) => manager.disconnect(connectionId, { code: 4000, reason: 'kicked' }));
await application.listen(0, '127.0.0.1');

const server = application.getHttpServer();
process.on('message', async (question) => {
  if (question === 'levels') process.send(await levels());
  else await application.close().then(() => process.disconnect());
});
process.send({ port: application.get(EmbeddedGateway).port });

async function levels() {
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await nextTurn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const memory = { heapUsed, external, rss };
  const { totalConnections } = await manager.getStats();
  return {
    memory,
    state: { connections: totalConnections, channels: (await manager.getAllChannels()).length },
    descriptors: readdirSync('/proc/self/fd').length,
    resources: countEach(process.getActiveResourcesInfo()),
    listeners: { server: listenersOf(server), events: listenersOf(emitter), process: listenersOf(process) },
    objects: {
      sockets: queryObjects(Socket),
      requests: queryObjects(IncomingMessage),
      webSockets: queryObjects(WebSocket),
      promises: queryObjects(Promise),
      buffers: queryObjects(Uint8Array),
    },
  };
}

function listenersOf(source) {
  return source.eventNames().reduce((sum, name) => sum + source.listeners(name).length, 0);
}

function countEach(names) {
  return names.reduce((counts, name) => ({ ...counts, [name]: (counts[name] ?? 0) + 1 }), {});
}
