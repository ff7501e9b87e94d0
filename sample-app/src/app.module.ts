import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { WebSocketModule } from 'nestjs-apigateway-websocket';
import { ChatModule } from './chat/chat.module.js';
import { authenticate } from './chat/identity.js';
import { MAX_ROOMS, rooms } from './chat/rooms.js';
import { StatsModule } from './stats/stats.module.js';

const { REDIS_URL: url, STALE_AFTER_SECONDS: staleAfterSeconds } = process.env;

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    WebSocketModule.forRoot({
      gateway: { path: '/ws' },
      admission: { authenticate },
      channels: { rules: rooms },
      // The list of rooms is a channel, too.
      maxChannelsPerConnection: MAX_ROOMS + 1,
      // A sweep asks API Gateway about who said nothing for so long; without it nobody is taken for gone within a day.
      ...(staleAfterSeconds && { staleAfterSeconds: Number(staleAfterSeconds) }),
      // Without a Redis everything is in the memory of this process.
      ...(url !== undefined && { redis: { url } }),
    }),
    ChatModule,
    StatsModule,
  ],
})
export class AppModule {}
