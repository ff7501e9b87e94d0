import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { WebSocketModule } from 'nestjs-apigateway-websocket';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
class AppModule {}
Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot()], providers: [] })(AppModule);
export const handler = createLambdaHandler(AppModule);
