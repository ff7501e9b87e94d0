import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketManager, type WebSocketResponse } from 'nestjs-apigateway-websocket';
import { AppModule } from './app.module.js';

let application: Promise<INestApplicationContext> | undefined;

/** The application, built once for all the events that this Lambda instance handles; built anew after a start that failed. */
function start(): Promise<INestApplicationContext> {
  // Nest would exit the process at a failed start, and with it the reason would be gone.
  application ??= NestFactory.createApplicationContext(AppModule, {
    abortOnError: false,
    logger: ['warn', 'error', 'fatal'],
  }).catch((error: unknown) => {
    application = undefined;
    throw error;
  });
  return application;
}

/** The integration of every route: `$connect`, `$disconnect`, `name`, `join`, `leave`, `say`, `whisper` and `who`. */
export async function handler(event: unknown): Promise<WebSocketResponse> {
  const context = await start();
  return context.get(WebSocketManager).handle(event);
}
