// An application with the embedded gateway as a program: configured by environment variables, told to end by signals.
import { once } from 'node:events';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import {
  EmbeddedGateway,
  WebSocketManager,
  WebSocketModule,
  type ConnectedEvent,
  type DisconnectedEvent,
  type EmbeddedGatewayOptions,
  type MessageEvent,
} from '../../src/index.js';
import type { HostMessage } from './host-process.js';

const tell = (message: HostMessage): void => void process.send?.(message);

@Injectable()
class Listener {
  constructor(@Inject(WebSocketManager) private readonly manager: WebSocketManager) {}

  @OnEvent('websocket.connected')
  connected({ connectionId, eventData }: ConnectedEvent): void {
    const { requestContext, headers } = eventData;
    tell({
      type: 'connected',
      connectionId,
      sourceIp: requestContext.identity?.sourceIp ?? '',
      headers: { ...headers },
    });
  }

  @OnEvent('websocket.disconnected')
  async disconnected({ connectionId, cause, code }: DisconnectedEvent): Promise<void> {
    const isKnown = await this.manager.connectionExists(connectionId);
    tell({ type: 'disconnected', connectionId, cause, code: code ?? null, isKnown });
  }

  @OnEvent('websocket.echo')
  echo({ message }: MessageEvent): unknown {
    return { process: process.pid, message };
  }

  /** Answers after the process was told to end. */
  @OnEvent('websocket.late')
  async late({ connectionId }: MessageEvent): Promise<unknown> {
    tell({ type: 'working', connectionId });
    await once(process, 'SIGTERM');
    return { late: true };
  }

  /** Is never done. */
  @OnEvent('websocket.stuck')
  stuck({ connectionId }: MessageEvent): Promise<never> {
    tell({ type: 'working', connectionId });
    return new Promise(() => undefined);
  }

  @OnEvent('websocket.shout')
  async shout({ message }: MessageEvent): Promise<void> {
    await this.manager.broadcast({ shouted: message });
  }
}

const gateway: EmbeddedGatewayOptions | undefined = JSON.parse(process.env['GATEWAY_OPTIONS'] ?? 'null') ?? undefined;

@Module({
  imports: [
    WebSocketModule.forRoot(gateway === undefined ? {} : { gateway: { ...gateway, routeResponses: ['echo', 'late'] } }),
  ],
  providers: [Listener],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error'] });
app.enableShutdownHooks();
await app.listen(Number(process.env['HTTP_PORT'] ?? 0), '127.0.0.1');
tell({ type: 'listening', url: app.get(EmbeddedGateway).url, applicationUrl: await app.getUrl() });
