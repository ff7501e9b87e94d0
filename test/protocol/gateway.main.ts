// The application with its embedded gateway: a process that tells its URL, and ends when told to.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { EmbeddedGateway } from 'nestjs-apigateway-websocket';
import { protocolApplication } from './protocol.application.js';

const { REDIS_URL: url } = process.env;
// Nodes find each other again within a lease.
const cluster = url === undefined ? false : { leaseMs: 2_000 };

const module = protocolApplication({ ...(url !== undefined && { redis: { url } }), gateway: { port: 0, cluster } });
const app = await NestFactory.create(module, { logger: ['error'] });
app.enableShutdownHooks();
await app.init();
process.send?.({ url: app.get(EmbeddedGateway, { strict: false }).url });
