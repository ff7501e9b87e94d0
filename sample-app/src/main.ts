import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { Secrets } from './secrets.js';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;

const page = fileURLToPath(new URL('../public', import.meta.url));
const client = fileURLToPath(import.meta.resolve('nestjs-apigateway-websocket/client/browser'));

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['warn', 'error', 'fatal'] });
app.useStaticAssets(page);
// The client of the package is one file, which needs no build step either.
app.useStaticAssets(client, { prefix: '/js/client.js' });
app.enableShutdownHooks();
await app.listen(Number(PORT), HOST);

const { port } = app.getHttpServer().address() as AddressInfo;
const url = `http://${HOST}:${port}`;
const { operatorKey, isOperatorKeyGiven } = app.get(Secrets, { strict: false });
console.log(`The chat is at ${url}`);
// After the #, where browsers keep it to themselves.
console.log(`Its operators look at ${url}/stats.html${isOperatorKeyGiven ? '' : `#${operatorKey}`}`);
