import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';

/** The listeners that the measured events have: one that counts what it gets. */
class Listener {
  count = 0;

  onMessage() {
    this.count++;
  }
}

// What the decorator @OnEvent does, written out: the benchmarks run without a compiler.
for (const event of ['websocket.message', 'bare.message']) {
  OnEvent(event)(Listener.prototype, 'onMessage', Object.getOwnPropertyDescriptor(Listener.prototype, 'onMessage'));
}

/** An application with the module in it, everything at its default unless told otherwise, and one listener of `websocket.message`. */
export async function startApplication(options) {
  class Application {}
  Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot(options)], providers: [Listener] })(
    Application,
  );
  const app = await NestFactory.createApplicationContext(Application, { logger: ['error'] });
  return {
    manager: app.get(WebSocketManager),
    emitter: app.get(EventEmitter2),
    listener: app.get(Listener),
    close: () => app.close(),
  };
}
