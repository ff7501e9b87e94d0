import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['warn', 'error', 'fatal'] });
app.useStaticAssets(fileURLToPath(new URL('../public', import.meta.url)));
app.enableShutdownHooks();
await app.listen(Number(PORT), HOST);

const { port } = app.getHttpServer().address() as AddressInfo;
console.log(`The chat is at http://${HOST}:${port}`);
