import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  ChannelAuthorizer,
  OnChannelMessage,
  WebSocketManager,
  WebSocketModule,
  type ChannelMessageEvent,
  type ChannelRequest,
  type ConnectedEvent,
  type MessageEvent,
} from 'nestjs-apigateway-websocket';

@Injectable()
export class ChatListener {
  readonly heard: string[] = [];

  constructor(private readonly manager: WebSocketManager) {}

  @OnEvent('websocket.connected')
  connected({ connectionId }: ConnectedEvent): void {
    this.heard.push(`connected ${connectionId}`);
  }

  @OnEvent('websocket.message')
  async message({ connectionId, message }: MessageEvent): Promise<void> {
    this.heard.push(`message ${JSON.stringify(message)}`);
    await this.manager.sendToConnection(connectionId, { echo: message });
  }
}

@Injectable()
@ChannelAuthorizer('private-{room}', { publish: true })
export class RoomChannels {
  constructor(private readonly listener: ChatListener) {}

  authorize({ params }: ChannelRequest): boolean {
    return params.room === 'lobby';
  }

  @OnChannelMessage('private-{room}')
  hear({ params, data }: ChannelMessageEvent<string>): void {
    this.listener.heard.push(`${params.room} ${data}`);
  }
}

@Module({})
export class ChatModule {
  static over(webSockets: DynamicModule): DynamicModule {
    return {
      module: ChatModule,
      imports: [webSockets, EventEmitterModule.forRoot()],
      providers: [ChatListener, RoomChannels],
    };
  }
}

export const onAws = ChatModule.over(WebSocketModule.forRoot());
export const onItsOwnPort = ChatModule.over(WebSocketModule.forRoot({ gateway: { port: 0 } }));
