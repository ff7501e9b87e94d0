import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';

/** What the decorator @OnEvent does, written out: the benchmarks run without a compiler. */
export function listen(type, event, method) {
  OnEvent(event, { suppressErrors: false })(
    type.prototype,
    method,
    Object.getOwnPropertyDescriptor(type.prototype, method),
  );
}

/** The embedded gateway on the HTTP server of a Nest application, with one class of listeners, every option at its default but those given. */
export async function startNest({ gateway = {}, ...options }, Listener) {
  class Application {}
  // The clients answer no pings.
  const imports = [WebSocketModule.forRoot({ gateway: { pingIntervalSeconds: 0, ...gateway }, ...options })];
  Module({ imports, providers: [Listener] })(Application);
  const app = await NestFactory.create(Application, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  return { manager: app.get(WebSocketManager), server: app.getHttpServer(), path: '/ws' };
}
