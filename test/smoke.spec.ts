import { expect, it } from '@jest/globals';
import { OnEvent } from '@nestjs/event-emitter';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { once } from 'node:events';
import { WebSocket as Client } from 'ws';
import { EmbeddedGateway, WebSocketManager, WebSocketModule, type MessageEvent } from '../src/index.js';

@Injectable()
class Listener {
  constructor(private readonly manager: WebSocketManager) {}
  @OnEvent('websocket.message')
  async echo({ connectionId, message }: MessageEvent) {
    await this.manager.sendToConnection(connectionId, { echo: message });
  }
}

it('echoes', async () => {
  const module = await Test.createTestingModule({
    imports: [WebSocketModule.forRoot({ gateway: { port: 0 } })],
    providers: [Listener],
  }).compile();
  const app = module.createNestApplication();
  await app.init();
  const client = new Client(app.get(EmbeddedGateway).url!);
  await once(client, 'open');
  client.send('{"hello":1}');
  const [data] = await once(client, 'message');
  expect(String(data)).toBe('{"echo":{"hello":1}}');
  console.log(await app.get(WebSocketManager).getStats());
  client.close();
  await app.close();
});
