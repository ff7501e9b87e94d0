import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';
import { KEPT, patternOf, PUBLIC, QUIET, TOLD } from './arms.js';

/** More than a publisher that sends one message after another can send. */
const UNLIMITED_PER_SECOND = 1_000_000;

/**
 * The embedded gateway on the HTTP server of a Nest application, with the protocol on, every option at its default but those given. A message that is
 * not the protocol's is passed on by the application, with `manager.to(channel).send`.
 *
 * @param state options that keep state elsewhere than in memory: nodes that share a Redis are a cluster
 */
export async function start({ state = {} }) {
  let manager;
  class Relay {
    async onMessage({ message: { channel, message } }) {
      await manager.to(channel).send(message);
    }
  }
  // What the decorator @OnEvent does, written out: the benchmarks run without a compiler.
  const method = Object.getOwnPropertyDescriptor(Relay.prototype, 'onMessage');
  OnEvent('websocket.message', { suppressErrors: false })(Relay.prototype, 'onMessage', method);
  const channels = {
    requestsPerSecond: UNLIMITED_PER_SECOND,
    rules: {
      [patternOf(PUBLIC)]: { publish: true },
      [patternOf(KEPT)]: { publish: true, persistent: true },
      [patternOf(QUIET)]: { authorize: () => true, joinLeave: false },
      [patternOf(TOLD)]: { authorize: () => true },
    },
  };
  // The clients answer no pings.
  const gateway = { pingIntervalSeconds: 0 };
  class Application {}
  Module({ imports: [WebSocketModule.forRoot({ gateway, channels, ...state })], providers: [Relay] })(Application);
  const app = await NestFactory.create(Application, { logger: ['error', 'warn'] });
  manager = app.get(WebSocketManager);
  await app.listen(0, '127.0.0.1');
  return {
    server: app.getHttpServer(),
    path: '/ws',
    // `{"type":"s…`
    kindAt: 9,
    publish: (channel, data) => manager.publish(channel, data),
  };
}
