import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { WebSocketModule } from 'nestjs-apigateway-websocket';

@Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot({ gateway: { path: '/ws' } })] })
export class AppModule {}
