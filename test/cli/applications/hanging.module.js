// An application that waits for ever for what it needs.
import console from 'node:console';
import { setInterval } from 'node:timers';
import { Module } from '@nestjs/common';
import { WebSocketModule } from 'nestjs-apigateway-websocket';

export class AppModule {
  onModuleInit() {
    console.log('It starts and hangs.');
    setInterval(() => undefined, 1_000);
    return new Promise(() => undefined);
  }
}
Module({ imports: [WebSocketModule.forRoot()] })(AppModule);
