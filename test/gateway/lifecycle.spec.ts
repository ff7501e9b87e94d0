import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EmbeddedGateway, WebSocketManager } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, heldRecorder, recorder } from '../support/gateway-app.js';
import { goldenEvent } from '../support/gateway-events.js';
import { GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { Gate, Inbox } from '../support/gateway-inbox.js';
import { ManualClock } from '../support/manual.clock.js';

afterEach(closeGatewayApps);

/** Sockets and servers that this process holds open. */
function openHandles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
}

describe('closing the application', () => {
  it('closes every socket with 1012 and ends every connection once', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp().on('websocket.disconnected', disconnected.push).start();
    const clients = await Promise.all(Array.from({ length: 20 }, () => app.connect()));
    const connectionIds = await app.manager.getAllConnections();
    for (const id of connectionIds) await app.manager.joinChannel(id, 'news');
    await app.app.close();
    for (const client of clients) expect(await client.closed).toEqual({ code: 1012, reason: 'Service Restart' });
    expect(disconnected.all.map(({ connectionId }) => connectionId).sort()).toEqual([...connectionIds].sort());
    for (const event of disconnected.all) {
      expect(event).toMatchObject({ code: 1012, reason: 'Service Restart', cause: 'server', channels: ['news'] });
    }
  });

  it.each([
    ['on a port of its own', () => gatewayApp()],
    ['on the server of the application', () => gatewayApp().attached()],
  ])('leaves nothing open (%s)', async (_, builder) => {
    const before = openHandles();
    const app = await builder().start();
    const clients = await Promise.all([app.connect(), app.connect()]);
    expect(openHandles().length).toBeGreaterThan(before.length);
    await app.app.close();
    await Promise.all(clients.map(({ closed }) => closed));
    expect(openHandles()).toEqual(before);
    expect(app.app.get(EmbeddedGateway).port).toBeNull();
    expect(app.app.get(EmbeddedGateway).url).toBeNull();
  });

  it('drops a client that does not answer the close', async () => {
    const clock = new ManualClock();
    const disconnected = recorder<'websocket.disconnected'>();
    const gate = new Gate();
    const app = await gatewayApp()
      .with({ clock })
      .on('websocket.message', () => gate.open())
      .on('websocket.disconnected', disconnected.push)
      .start();
    const deaf = await RawConnection.upgraded(app.port);
    const closing = app.app.close();
    await deaf.until('Service Restart');
    expect(disconnected.all).toEqual([]);
    await clock.advance(2_000);
    await closing;
    await deaf.closed;
    expect(disconnected.all).toEqual([expect.objectContaining({ code: 1012 })]);
  });

  it('waits for handshakes that are held, and refuses them', async () => {
    const connected = heldRecorder<'websocket.connected'>();
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .on('websocket.connected', connected.hold)
      .on('websocket.disconnected', disconnected.push)
      .start();
    const refused = GatewayClient.start(app.url).refused();
    const { connectionId } = await connected.next();
    const closing = app.app.close();
    // The hooks of the application run in promises; the next turn of the event loop comes after them.
    await nextTurn();
    expect(app.port).not.toBeNull();
    connected.open();
    expect(await refused).toBe(503);
    await closing;
    expect(disconnected.all).toEqual([expect.objectContaining({ connectionId })]);
  });

  it('refuses new handshakes with 503 meanwhile', async () => {
    const disconnected = heldRecorder<'websocket.disconnected'>();
    const app = await gatewayApp().on('websocket.disconnected', disconnected.hold).start();
    await app.connect();
    const closing = app.app.close();
    await disconnected.next();
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({}));
    expect(await raw.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 /);
    disconnected.open();
    await closing;
  });
});

describe('the gateway stays off', () => {
  it('on Lambda, where events still work', async () => {
    process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'chat';
    try {
      const app = await gatewayApp().start();
      expect(app.app.get(EmbeddedGateway).port).toBeNull();
      expect(await app.manager.handle(goldenEvent('connect'))).toMatchObject({ statusCode: 200 });
    } finally {
      delete process.env['AWS_LAMBDA_FUNCTION_NAME'];
    }
  });

  it('without an HTTP server and without a port, and says so', async () => {
    const builder = gatewayApp().attached();
    const context = await NestFactory.createApplicationContext(builder.module(), { logger: builder.logger });
    expect(context.get(EmbeddedGateway).url).toBeNull();
    expect(builder.logged).toEqual([expect.stringContaining('give it a "gateway.port" of its own')]);
    expect(await context.get(WebSocketManager).handle(goldenEvent('connect'))).toMatchObject({ statusCode: 200 });
    await context.close();
  });
});

it('runs without an HTTP server of the application when it has a port of its own', async () => {
  const builder = gatewayApp().gateway({ routeResponses: ['ping'] });
  builder.on('websocket.ping', () => 'pong');
  const context = await NestFactory.createApplicationContext(builder.module(), { logger: false });
  const client = await GatewayClient.open(context.get(EmbeddedGateway).url!);
  client.send({ action: 'ping' });
  expect(await client.nextJson()).toBe('pong');
  await context.close();
  expect(await client.closed).toMatchObject({ code: 1012 });
});

describe('a message that was still waiting when its connection ended', () => {
  it('is handled, and does not register the connection again, however late that is', async () => {
    const clock = new ManualClock();
    const gate = new Gate();
    const handled = new Inbox<unknown>();
    const ended = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .with({ clock })
      .gateway({ maxInFlightMessages: 1 })
      .on('websocket.message', async ({ message }) => {
        handled.push(message);
        await gate.opened;
      })
      .on('websocket.disconnected', ended.push)
      .start();
    const client = await app.connect();
    const messages = [1, 2, 3, 4, 5];
    for (const message of messages) client.send(String(message));
    await handled.until(1);
    client.socket.terminate();
    await ended.next();
    // Each takes 29 seconds: the last ones come when the store has forgotten that it removed the connection.
    await clock.advance(120_000);
    gate.open();
    expect(await handled.until(messages.length)).toEqual(messages);
    expect((await app.manager.getStats()).totalConnections).toBe(0);
    expect(ended.all).toHaveLength(1);
  });
});
