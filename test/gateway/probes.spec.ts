import { Controller, Get, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EmbeddedGateway } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, heldRecorder, type GatewayApp } from '../support/gateway-app.js';
import { fetchPlain, type PlainAnswer } from '../support/gateway-client.js';
import { Gate } from '../support/gateway-inbox.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

afterEach(closeGatewayApps);

const READY = { status: 200, body: '{"status":"ready"}' };
const notReady = (reason: string) => ({ status: 503, body: `{"status":"not-ready","reason":"${reason}"}` });

function probe({ endpoint }: GatewayApp, path: string, method = 'GET'): Promise<PlainAnswer> {
  return fetchPlain(new URL(path, endpoint).href, { method });
}

async function untilProbed(app: GatewayApp, status: number): Promise<PlainAnswer> {
  for (;;) {
    const answer = await probe(app, '/readyz');
    if (answer.status === status) return answer;
    await nextTurn();
  }
}

describe('the probes of a gateway on a port of its own', () => {
  it('say that it lives and that it is ready', async () => {
    const app = await gatewayApp().start();
    expect(await probe(app, '/livez')).toMatchObject({ status: 200, body: '{"status":"alive"}' });
    expect(await untilProbed(app, 200)).toMatchObject({ ...READY, headers: { 'cache-control': 'no-store' } });
    expect(await probe(app, '/readyz?verbose')).toMatchObject(READY);
    expect(await app.app.get(EmbeddedGateway).isReady()).toBe(true);
  });

  it('answer HEAD without a body, and nothing but GET and HEAD', async () => {
    const app = await gatewayApp().start();
    expect(await probe(app, '/livez', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await probe(app, '/livez', 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('are where the options say', async () => {
    const app = await gatewayApp()
      .gateway({ probes: { livenessPath: '/up', readinessPath: '/health/ready' } })
      .start();
    expect((await probe(app, '/up')).status).toBe(200);
    expect((await probe(app, '/health/ready')).status).toBe(200);
    expect((await probe(app, '/livez')).status).toBe(404);
  });

  it('are off when the options say so', async () => {
    const app = await gatewayApp().gateway({ probes: false }).start();
    expect((await probe(app, '/livez')).status).toBe(404);
    expect((await probe(app, '/readyz')).status).toBe(404);
  });

  it('say that it is not ready while the application starts', async () => {
    const gate = new Gate();
    @Injectable()
    class SlowService implements OnApplicationBootstrap {
      onApplicationBootstrap(): Promise<void> {
        return gate.opened;
      }
    }
    @Module({ providers: [SlowService] })
    class SlowModule {}
    const app = await gatewayApp().importing(SlowModule).create();
    const started = app.init();
    const gateway = app.get(EmbeddedGateway);
    while (gateway.port === null) await nextTurn();
    const origin = `http://127.0.0.1:${gateway.port}`;
    expect(await fetchPlain(`${origin}/readyz`)).toMatchObject(notReady('starting'));
    expect((await fetchPlain(`${origin}/livez`)).status).toBe(200);
    expect(await gateway.isReady()).toBe(false);
    gate.open();
    await started;
    while (!(await gateway.isReady())) await nextTurn();
    expect(await fetchPlain(`${origin}/readyz`)).toMatchObject(READY);
  });

  it('say that it is not ready while it drains, but that it lives', async () => {
    const disconnected = heldRecorder<'websocket.disconnected'>();
    const app = await gatewayApp().on('websocket.disconnected', disconnected.hold).start();
    await app.connect();
    const closing = app.app.close();
    await disconnected.next();
    expect(await probe(app, '/readyz')).toMatchObject(notReady('draining'));
    expect((await probe(app, '/livez')).status).toBe(200);
    disconnected.open();
    await closing;
    expect(await app.app.get(EmbeddedGateway).isReady()).toBe(false);
  });
});

describe('the probes of a gateway on the server of the application', () => {
  @Controller()
  class HealthController {
    @Get('livez')
    live(): string {
      return 'the application’s own';
    }
  }

  it('leave its paths to the application', async () => {
    const app = await gatewayApp().attached(HealthController).start();
    expect(await probe(app, '/livez')).toMatchObject({ status: 200, body: 'the application’s own' });
    expect((await probe(app, '/readyz')).status).toBe(404);
    expect(await app.app.get(EmbeddedGateway).isReady()).toBe(true);
  });

  it('are there when the options say so', async () => {
    const app = await gatewayApp().attached().gateway({ probes: {} }).start();
    expect(await untilProbed(app, 200)).toMatchObject(READY);
  });
});

it('is never ready where it stays off', async () => {
  const module = gatewayApp().attached().module();
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  await nextTurn();
  expect(await context.get(EmbeddedGateway).isReady()).toBe(false);
  await context.close();
});

describeWithRedis('readiness with a store that goes away', () => {
  it('is no while it is away, and yes again when it is back; the process lives on', async () => {
    const redis = await RedisServer.start();
    const app = await gatewayApp()
      .with({ redis: { url: redis.url }, storeTimeoutMs: 500 })
      .start();
    try {
      expect(await untilProbed(app, 200)).toMatchObject(READY);
      await redis.kill();
      expect(await untilProbed(app, 503)).toMatchObject(notReady('store-down'));
      expect((await probe(app, '/livez')).status).toBe(200);
      await redis.restart();
      expect(await untilProbed(app, 200)).toMatchObject(READY);
    } finally {
      await app.app.close();
      await redis.kill();
    }
  });
});
