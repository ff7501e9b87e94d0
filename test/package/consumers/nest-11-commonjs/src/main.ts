import 'reflect-metadata';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { NestFactory } from '@nestjs/core';
import { EmbeddedGateway, WebSocketManager } from 'nestjs-apigateway-websocket';
import { WebSocket as Client } from 'ws';
import { ChatListener, onAws, onItsOwnPort } from './chat.module';

async function handleEvents() {
  const app = await NestFactory.createApplicationContext(onAws, { logger: ['error', 'warn'] });
  const manager = app.get(WebSocketManager);
  const requestContext = { connectionId: 'BFHPhfCWIAMCKlQ=', stage: 'prod' };
  const connect = await manager.handle({
    requestContext: { ...requestContext, routeKey: '$connect', eventType: 'CONNECT' },
  });
  const connections = await manager.getAllConnections();
  const message = await manager.handle({
    requestContext: { ...requestContext, routeKey: '$default', eventType: 'MESSAGE' },
    body: '"hello"',
  });
  const { heard } = app.get(ChatListener);
  await app.close();
  return { connect, connections, message, heard };
}

async function serveClient() {
  const app = await NestFactory.create(onItsOwnPort, { logger: ['error', 'warn'] });
  await app.init();
  const client = new Client(app.get(EmbeddedGateway).url ?? '');
  await once(client, 'open');
  client.send('{"text":"hello"}');
  const [data] = (await once(client, 'message')) as [Buffer];
  const channel = 'private-lobby';
  client.send(JSON.stringify({ action: 'subscribe', id: '1', channel }));
  const [subscribed] = (await once(client, 'message')) as [Buffer];
  client.send(JSON.stringify({ action: 'publish', channel, data: 'hello' }));
  await once(client, 'message');
  const closed = once(client, 'close');
  await app.close();
  const { heard } = app.get(ChatListener);
  const [closeCode] = await closed;
  return { answer: data.toString(), subscribed: subscribed.toString(), heard: heard.at(-1), closeCode };
}

const { version } = createRequire(__filename)('@nestjs/core/package.json') as { version: string };
const runtime = { node: process.versions.node, nest: version };

async function main() {
  console.log(JSON.stringify({ runtime, handled: await handleEvents(), served: await serveClient() }));
}

void main();
