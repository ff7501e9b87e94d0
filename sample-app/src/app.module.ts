import { Module } from '@nestjs/common';
import { CacheModule } from '@nestjs/cache-manager';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { WebSocketModule } from 'nestjs-apigateway-websocket';
import { ChatModule } from './chat/chat.module.js';
import { MAX_ROOMS } from './chat/chat.input.js';

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    CacheModule.register({ isGlobal: true }),
    WebSocketModule.forRoot({
      gateway: { path: '/ws' },
      // A name is a channel, too.
      maxChannelsPerConnection: MAX_ROOMS + 1,
    }),
    ChatModule,
  ],
})
export class AppModule {}
