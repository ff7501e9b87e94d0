// A file with more than one module in it, and none of them the obvious one.
import { Module } from '@nestjs/common';
import { WebSocketModule } from 'nestjs-apigateway-websocket';

export class FirstModule {}
Module({ imports: [WebSocketModule.forRoot({ gateway: { path: '/first' } })] })(FirstModule);

export class SecondModule {}
Module({ imports: [WebSocketModule.forRoot({ gateway: { path: '/second' } })] })(SecondModule);

export const limit = 10;
