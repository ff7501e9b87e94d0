/** The entry of the functions that the Serverless template names. */
export const LAMBDA_TEMPLATE = `import 'reflect-metadata';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
import { AppModule } from './app.module.js';

export const handler = createLambdaHandler(AppModule);
`;
