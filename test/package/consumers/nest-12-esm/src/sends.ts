// Opens a gateway, sends one message to API Gateway, and, with --disconnect, closes the connection there: what heavy dependencies are for.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';

const app = await NestFactory.create(
  WebSocketModule.forRoot({
    // Nobody listens on port 9, so requests fail at once.
    apiGatewayEndpoint: 'http://127.0.0.1:9/prod',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    gateway: { port: 0 },
  }),
  { logger: false },
);
await app.init();
const manager = app.get(WebSocketManager);
const requestContext = { connectionId: 'BFHPhfCWIAMCKlQ=', routeKey: '$connect', eventType: 'CONNECT' };
await manager.handle({ requestContext });
await manager.sendToConnection(requestContext.connectionId, 'hello');
if (process.argv.includes('--disconnect')) await manager.disconnect(requestContext.connectionId);
await app.close();
