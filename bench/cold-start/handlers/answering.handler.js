import 'reflect-metadata';
import { Inject, Module } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';

class Answers {
  constructor(manager) {
    this.manager = manager;
  }

  hear({ connectionId, message: { text } }) {
    return this.manager.sendToConnection(connectionId, { heard: text });
  }
}

// What decorators do, written out: the benchmarks run without a compiler.
Inject(WebSocketManager)(Answers, undefined, 0);
OnEvent('websocket.message')(Answers.prototype, 'hear', Object.getOwnPropertyDescriptor(Answers.prototype, 'hear'));

/** A function that answers each message, with the module as these options have it. */
export function answeringHandler(options) {
  class AppModule {}
  const imports = [EventEmitterModule.forRoot(), WebSocketModule.forRoot(options)];
  Module({ imports, providers: [Answers] })(AppModule);
  return createLambdaHandler(AppModule);
}
