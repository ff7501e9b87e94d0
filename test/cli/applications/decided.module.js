// An application that has its port decided, and keeps connections in memory.
import { Module } from '@nestjs/common';
import { WebSocketModule } from 'nestjs-apigateway-websocket';

export default class DecidedModule {}
Module({ imports: [WebSocketModule.forRoot({ gateway: { port: 0, path: '/decided' } })] })(DecidedModule);
