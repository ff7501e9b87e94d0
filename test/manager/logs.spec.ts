import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { CacheConnectionStore } from '../../src/index.js';
import { remote } from '../stores/caches.js';
import { startApplication, stopApplications } from '../support/application.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';
import { RemoteCache } from '../support/remote.cache.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';

const SECRETS = ['s3cret-token', 's3cret-header', 's3cret-payload', 's3cret-query', 's3cret-key'];

let server: ManagementApiServer;
let written: string[];

const write = (...parts: unknown[]): void => void written.push(parts.map(String).join(' '));
const logger: LoggerService = { verbose: write, debug: write, log: write, warn: write, error: write, fatal: write };

beforeEach(async () => {
  written = [];
  server = await ManagementApiServer.start();
});

afterEach(async () => {
  await stopApplications();
  await stopManagementApis();
});

describe('the log', () => {
  it('holds no payload, token, header, query or key, whatever goes wrong', async () => {
    const { app, manager, get } = await startApplication({
      options: {
        apiGatewayEndpoint: server.endpoint(),
        credentials: { accessKeyId: 'AKID', secretAccessKey: 's3cret-key' },
        requestTimeoutMs: 2_000,
        deliveryTimeoutMs: 2_000,
      },
    });
    app.useLogger(logger);
    get(EventEmitter2).on('websocket.fails', () => Promise.reject(new Error('a listener failed')));
    const connectionId = newConnectionId();
    await manager.handle({
      ...connect({ connectionId }),
      headers: { Authorization: 's3cret-header' },
      queryStringParameters: { token: 's3cret-query' },
    });
    const authorizer = { userId: { token: 's3cret-token' } };
    const event = message(connectionId, { secret: 's3cret-payload' });
    await manager.handle({ ...event, requestContext: { ...event.requestContext, authorizer } });
    await manager.handle({ ...event, body: { secret: 's3cret-payload' } });
    await manager.handle({ ...event, body: `"s3cret-payload${'x'.repeat(2_000_000)}"` });
    await manager.handle({ ...event, body: `${'['.repeat(100)}"s3cret-payload"` });
    await manager.handle(message(connectionId, 's3cret-payload', 'fails'));
    await manager.handle(message(connectionId, 's3cret-payload', 'connected'));
    for (const answer of [403, 413, 500, null, 410]) {
      server.answerWith(() => answer);
      await manager.sendToConnection(connectionId, 's3cret-payload');
    }
    await manager.sendToConnection(connectionId, 's3cret-payload'.repeat(20_000)).catch(() => undefined);
    await manager.handle(disconnect(connectionId));
    // Something was said, or this would prove nothing.
    const log = written.join('\n');
    expect(log).toContain('An event could not be handled.');
    expect(log).toContain('execute-api:ManageConnections');
    for (const secret of SECRETS) expect(log).not.toContain(secret);
  });

  it('tells of an outage once in ten seconds, with the number of events that met it meanwhile', async () => {
    const clock = new ManualClock();
    const cache = new RemoteCache();
    cache.outage = 'throws';
    const store = new CacheConnectionStore(remote(cache));
    const { app, manager } = await startApplication({ options: { store, clock } });
    app.useLogger(logger);
    const refuse = async (events: number): Promise<void> => {
      for (let event = 0; event < events; event++)
        expect((await manager.handle(connect({ connectionId: newConnectionId() }))).statusCode).toBe(503);
    };
    const told = (): string[] => written.filter((line) => line.includes('could not be handled'));
    await refuse(5);
    await clock.advance(9_999);
    await refuse(1);
    expect(told()).toHaveLength(1);
    await clock.advance(1);
    await refuse(1);
    expect(told()).toHaveLength(2);
    expect(told()[1]).toContain('Nor could 5 others');
  });
});
