import 'reflect-metadata';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
import { WebSocketModule,WebSocketManager } from 'nestjs-apigateway-websocket';
globalThis.x=[createLambdaHandler,WebSocketModule,WebSocketManager];
export async function handler() { return { statusCode: 200 }; }
