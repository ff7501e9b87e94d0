import { Module } from '@nestjs/common';
import { CacheModule, type CacheModuleOptions } from '@nestjs/cache-manager';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { WebSocketModule } from 'nestjs-apigateway-websocket';
import { ChatModule } from './chat/chat.module.js';
import { MAX_ROOMS } from './chat/chat.input.js';

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    CacheModule.registerAsync({ isGlobal: true, useFactory: cacheOptions }),
    WebSocketModule.forRoot({
      gateway: { path: '/ws' },
      // A name is a channel, too.
      maxChannelsPerConnection: MAX_ROOMS + 1,
    }),
    ChatModule,
  ],
})
export class AppModule {}

/** A cache for all processes where `REDIS_URL` names one, and one in memory for a process alone. Connections are kept wherever the cache is. */
async function cacheOptions(): Promise<CacheModuleOptions> {
  const { REDIS_URL: url } = process.env;
  if (url === undefined) return {};
  const { default: KeyvRedis } = await import('@keyv/redis');
  return { stores: [new KeyvRedis(url)] };
}
