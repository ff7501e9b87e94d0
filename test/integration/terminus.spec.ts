import KeyvRedis from '@keyv/redis';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, Inject } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  TerminusModule,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { Keyv } from 'keyv';
import { WebSocketHealthIndicator } from '../../src/index.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';
import { fetchPlain } from '../support/gateway-client.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(WebSocketHealthIndicator) private readonly webSockets: WebSocketHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    const indicators: HealthIndicatorFunction[] = [
      () => this.webSockets.isHealthy(),
      () => this.webSockets.isHealthy('sockets'),
    ];
    return this.health.check(indicators);
  }
}

describeWithRedis('GET /health through @nestjs/terminus', () => {
  let redis: RedisServer;
  let keyv: Keyv;

  beforeAll(async () => {
    redis = await RedisServer.start();
    keyv = new Keyv({ store: new KeyvRedis(redis.url) });
  });

  afterEach(closeGatewayApps);

  afterAll(async () => {
    await keyv.disconnect();
    await redis.kill();
  });

  it('answers 200 while Redis is up, 503 while it is away, and 200 once it is back, without a restart', async () => {
    const { app } = await gatewayApp()
      .with({ storeTimeoutMs: 250 })
      .attached(HealthController)
      .importing(CacheModule.register({ isGlobal: true, stores: [keyv] }), TerminusModule.forRoot({ logger: false }))
      .start();
    const url = `${await app.getUrl()}/health`;
    const get = async () => {
      const { status, body } = await fetchPlain(url);
      return { status, body: JSON.parse(body) as unknown };
    };
    const up = { status: 'up', latencyMs: expect.any(Number) };
    const down = { status: 'down', latencyMs: expect.any(Number), reason: expect.stringMatching(/^\w+$/) };

    expect(await get()).toEqual({
      status: 200,
      body: { status: 'ok', info: { websocket: up, sockets: up }, error: {}, details: { websocket: up, sockets: up } },
    });

    await redis.kill();
    expect(await get()).toEqual({
      status: 503,
      body: {
        status: 'error',
        info: {},
        error: { websocket: down, sockets: down },
        details: { websocket: down, sockets: down },
      },
    });

    await redis.restart();
    let answer = await get();
    while (answer.status === 503) answer = await get();
    expect(answer).toMatchObject({ status: 200, body: { status: 'ok', info: { websocket: up } } });
  });
});
