import 'reflect-metadata';
import { once } from 'node:events';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import {
  WebSocket,
  WebSocketEvents,
  WebSocketModule,
  type DeliveryReport,
  type MessageEvent,
  type WebSocketModuleOptions,
} from 'nestjs-apigateway-websocket';
import { EmbeddedGateway, type EmbeddedGatewayOptions } from 'nestjs-apigateway-websocket/gateway';
import { WebSocket as Client } from 'ws';
import { runtime } from './runtime.js';

const gateway: EmbeddedGatewayOptions = { port: 0 };
const options: WebSocketModuleOptions = { gateway };

@Injectable()
class Echo {
  @OnEvent(WebSocketEvents.Message)
  async message({ connectionId, message }: MessageEvent): Promise<void> {
    const { delivered }: DeliveryReport = await WebSocket.toUser('nobody').to('empty').send(message);
    await WebSocket.sendToConnection(connectionId, { echo: message, delivered });
  }
}

@Module({ imports: [WebSocketModule.forRoot(options)], providers: [Echo] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.init();
const client = new Client(app.get(EmbeddedGateway).url ?? '');
await once(client, 'open');
client.send('"hello"');
const [data] = (await once(client, 'message')) as [Buffer];
await app.close();
console.log(JSON.stringify({ runtime, answer: data.toString() }));
