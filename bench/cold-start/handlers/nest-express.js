import 'reflect-metadata';
import process from 'node:process';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

class Answers {
  client = new ApiGatewayManagementApiClient({ endpoint: process.env.WEBSOCKET_API_GATEWAY_ENDPOINT });

  hear(ConnectionId, { text }) {
    return this.client.send(new PostToConnectionCommand({ ConnectionId, Data: JSON.stringify({ heard: text }) }));
  }
}

class AppModule {}
Module({ providers: [Answers] })(AppModule);

const starting = NestFactory.create(AppModule, new ExpressAdapter(), { logger: ['warn', 'error'] }).then((app) =>
  app.init(),
);

/** The usual Nest application, which has an HTTP server that no event of a WebSocket API needs. */
export async function handler({ requestContext: { connectionId }, body }) {
  const app = await starting;
  await app.get(Answers).hear(connectionId, JSON.parse(body));
  return { statusCode: 200 };
}
