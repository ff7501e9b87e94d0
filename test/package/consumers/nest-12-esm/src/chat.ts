// A chat over channels, through the package's own client: on the WebSocket that Node has, or on that of ws where it has none.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import {
  EmbeddedGateway,
  OnChannelMessage,
  WebSocketManager,
  WebSocketModule,
  type ChannelMessageEvent,
} from 'nestjs-apigateway-websocket';
import { WebSocketClient, type ChannelMessage, type ClientSocketConstructor } from 'nestjs-apigateway-websocket/client';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
import { WebSocket as WsSocket } from 'ws';
import { runtime } from './runtime.js';

const heard: string[] = [];

@Injectable()
class Chat {
  @OnChannelMessage('room.{id}')
  said({ params, data }: ChannelMessageEvent<{ text: string }>): void {
    heard.push(`${params.id}: ${data.text}`);
  }

  @OnEvent('websocket.rooms')
  rooms(): string[] {
    return ['room.1'];
  }
}

const channels = { rules: { 'room.{id}': { publish: true, persistent: true } } };

@Module({ imports: [WebSocketModule.forRoot({ gateway: { port: 0 }, channels })], providers: [Chat] })
class ChatModule {}

@Module({ imports: [WebSocketModule.forRoot({ channels })], providers: [Chat] })
class LambdaModule {}

const app = await NestFactory.create(ChatModule, { logger: ['error', 'warn'] });
await app.init();
const urls = app.get(EmbeddedGateway).url ?? '';
const own = (globalThis as { WebSocket?: ClientSocketConstructor }).WebSocket;

const received: ChannelMessage[] = [];
const [ann, ben] = [1, 2].map(
  () => new WebSocketClient({ urls, ...(own === undefined ? { WebSocket: WsSocket } : {}) }),
);
ann!.connect();
ben!.connect();
const rooms = [ann!, ben!].map((client) => client.subscribe('room.1'));
const everythingCame = new Promise<void>((resolve) => {
  rooms[1]!.onMessage((message) => {
    if (received.push(message) === 2) resolve();
  });
});
await Promise.all(rooms.map(({ ready }) => ready));
await rooms[0]!.publish({ text: 'Hello' }, { event: 'said' });
await app.get(WebSocketManager).publish('room.1', { text: 'Welcome' });
await everythingCame;
const answer = await ann!.request('rooms');
ann!.close();
ben!.close();
await app.close();

const handler = createLambdaHandler(LambdaModule, { application: { logger: ['error', 'warn'] } });
const requestContext = { connectionId: 'BFHPhfCWIAMCKlQ=', routeKey: '$connect', eventType: 'CONNECT' };
const connected = await handler({ requestContext });

console.log(
  JSON.stringify({
    runtime,
    socket: own === undefined ? 'ws' : 'its own',
    received: received.map(({ event, data, offset }) => ({ event, data, offset })),
    heard,
    answer,
    connected,
  }),
);
