import 'reflect-metadata';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
import { AppModule } from './app.module.js';

/** The integration of every route of the API, and of a schedule that cleans up. */
export const handler = createLambdaHandler(AppModule);
