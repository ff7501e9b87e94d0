import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WebSocketManager } from 'nestjs-apigateway-websocket';
import { protocolApplication } from './protocol.application.js';

const { REDIS_URL: url = '' } = process.env;

const starting = NestFactory.createApplicationContext(protocolApplication({ redis: { url } }), {
  abortOnError: false,
  logger: ['error'],
});

/** The integration of every route. */
export async function handler(event: unknown): Promise<unknown> {
  const context = await starting;
  return context.get(WebSocketManager, { strict: false }).handle(event);
}
