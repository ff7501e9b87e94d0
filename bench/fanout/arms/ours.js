import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConnectionStore, WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';
import { Buffer } from 'node:buffer';
import { TransportRouter } from '../../../dist/fanout/transport.router.js';
import { RequestSigner } from '../../../dist/signing/request.signer.js';
import { forEachIndex } from '../../state/population.js';
import { idOf } from './ids.js';
import { credentials, REGION } from './credentials.js';

/** How many messages the transport is given at once: as many as the engine gives it. */
const OUTSTANDING = 2_048;
const TIMEOUT_MS = 10_000;
const HOUR_MS = 3_600_000;

/** An application with the package in it, at its default options but for those that AWS sets. */
export async function startOurs({ endpoint, options = {} }) {
  class Application {}
  Module({
    imports: [WebSocketModule.forRoot({ apiGatewayEndpoint: endpoint, awsRegion: REGION, credentials, ...options })],
  })(Application);
  const app = await NestFactory.createApplicationContext(Application, { logger: ['error'] });
  const [manager, store] = [app.get(WebSocketManager), app.get(ConnectionStore)];
  const router = app.get(TransportRouter, { strict: false });
  return { manager, store, router, close: () => app.close() };
}

/** `to(channel).send(data)`, through everything that the package does. */
export async function ours({ endpoint, payload }) {
  const { manager, store } = await startOurs({ endpoint });
  const channelOf = (count) => `news-${count}`;
  return {
    /** Fills the channel; those that a round met 410 for come back. */
    prepare: (count) =>
      forEachIndex(count, 64, async (index) => {
        const id = idOf(index);
        const connectedAt = Date.now() - HOUR_MS;
        await store.add({ connectionId: id, connectedAt, userId: null, routeKey: '$connect', channels: [], endpoint });
        await store.join(id, channelOf(count));
      }),
    send: async (count) => {
      const { delivered, gone, ...others } = await manager.to(channelOf(count)).send(payload);
      if (delivered + gone !== count) throw new Error(`Of ${count} ${delivered} arrived: ${JSON.stringify(others)}`);
      return delivered;
    },
  };
}

/** The transport that the application has, without store and engine. */
export async function oursTransport({ endpoint, payload }) {
  const { router } = await startOurs({ endpoint });
  const message = { payload: Buffer.from(JSON.stringify(payload)) };
  const limits = { attempt: 1, timeoutMs: TIMEOUT_MS };
  return {
    send: (count) =>
      new Promise((resolve, reject) => {
        let [next, done, delivered] = [0, 0, 0];
        const settle = ({ status }) => {
          if (status === 'delivered') delivered++;
          if (++done === count) resolve(delivered);
          else if (next < count) start();
        };
        const start = () => {
          const { transport, target } = router.route({ connectionId: idOf(next++), endpoint });
          transport.deliver(target, message, limits).then(settle, reject);
        };
        for (let index = 0; index < Math.min(OUTSTANDING, count); index++) start();
      }),
  };
}

/** The same without the work of signing: the header is as long as it was, and always the same. */
export function oursUnsigned(setup) {
  const constant = `AWS4-HMAC-SHA256 Credential=${'x'.repeat(60)}, SignedHeaders=${'x'.repeat(90)}, Signature=${'0'.repeat(64)}`;
  RequestSigner.prototype.authorization = () => constant;
  return oursTransport(setup);
}

/** A message to everyone whom Redis knows. */
export async function oursFromRedis({ endpoint, payload, redisUrl }) {
  const { manager } = await startOurs({ endpoint, options: { redis: { url: redisUrl } } });
  return {
    send: async (count) => {
      const { delivered, ...others } = await manager.except('nobody').send(payload);
      if (delivered !== count) throw new Error(`Of ${count} ${delivered} arrived: ${JSON.stringify(others)}`);
      return delivered;
    },
  };
}
