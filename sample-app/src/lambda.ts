import 'reflect-metadata';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
import { AppModule } from './app.module.js';

/** The integration of every route of the API, and of a schedule that cleans up. */
export const handler = createLambdaHandler(AppModule, { cleanup: { askGateway: true } });

// The init phase ends when this module is loaded: the start is to be a part of it.
await handler.ready;
