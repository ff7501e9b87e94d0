// An application without an embedded gateway.
import { Module } from '@nestjs/common';
import { WebSocketModule } from 'nestjs-apigateway-websocket';

export class AppModule {}
Module({ imports: [WebSocketModule.forRoot({ gateway: false })] })(AppModule);
