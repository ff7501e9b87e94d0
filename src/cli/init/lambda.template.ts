/** The entries of the functions that the Serverless template names. */
export const LAMBDA_TEMPLATE = `import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WebSocketManager, type WebSocketResponse } from 'nestjs-apigateway-websocket';
import { AppModule } from './app.module.js';

const application = NestFactory.createApplicationContext(AppModule);

/** Takes in what API Gateway says of its connections. */
export async function handler(event: unknown): Promise<WebSocketResponse> {
  const app = await application;
  return app.get(WebSocketManager).handle(event);
}

/** Ends connections whose end nobody was told of; called on a schedule. */
export async function sweep(): Promise<{ readonly ended: number }> {
  const app = await application;
  return { ended: await app.get(WebSocketManager).cleanup() };
}
`;
