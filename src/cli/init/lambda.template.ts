/** The entry of the functions that the Serverless template names. */
export const LAMBDA_TEMPLATE = `import 'reflect-metadata';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
import { AppModule } from './app.module.js';

/** Takes in what API Gateway says of its connections; on a schedule it ends those whose end nobody was told of. */
export const handler = createLambdaHandler(AppModule);
`;
