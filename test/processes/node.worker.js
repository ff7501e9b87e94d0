// A node of a cluster in a process of its own: tells where clients reach it, sends what it is told to send, and tells what it heard.
import process from 'node:process';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { EmbeddedGateway, WebSocketEvents, WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';

class AppModule {}
Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot(JSON.parse(process.argv[2]))] })(AppModule);

const application = await NestFactory.create(AppModule, { logger: false });
const manager = application.get(WebSocketManager);
const disconnected = [];
application
  .get(EventEmitter2)
  .on(WebSocketEvents.Disconnected, ({ connectionId, cause }) => void disconnected.push({ connectionId, cause }));
await application.init();

const answers = {
  heard: () => ({ disconnected }),
  broadcast: (text) => manager.except().send(text),
};
process.on('message', async ({ question, about }) => process.send(await answers[question](about)));
process.on('disconnect', () => process.exit());
process.send({ url: application.get(EmbeddedGateway).url });
