import { afterEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EmbeddedGateway } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, heldRecorder, recorder, type GatewayApp } from '../support/gateway-app.js';
import { fetchPlain, GatewayClient, RawConnection } from '../support/gateway-client.js';
import { Gate } from '../support/gateway-inbox.js';
import { HostProcess, killHosts } from '../support/host-process.js';
import { ManualClock } from '../support/manual.clock.js';

const RESTART = { code: 1012, reason: 'Service Restart' };

afterEach(async () => {
  await closeGatewayApps();
  await killHosts();
});

function isOpen({ socket }: GatewayClient): boolean {
  return socket.readyState === socket.OPEN;
}

async function untilOpen(clients: readonly GatewayClient[], count: number): Promise<void> {
  while (clients.filter(isOpen).length > count) await nextTurn();
}

/** Starts to close the application; resolves when the gateway drains. What it resolves to is over when the application is closed. */
async function startToClose(app: GatewayApp): Promise<{ readonly closed: Promise<void> }> {
  const closed = app.app.close();
  while (await app.app.get(EmbeddedGateway).isReady()) await nextTurn();
  await nextTurn();
  return { closed };
}

async function untilForgotten(app: GatewayApp, connectionId: string): Promise<void> {
  while (await app.manager.connectionExists(connectionId)) await nextTurn();
}

describe('an application that closes', () => {
  it('parts from many clients batch by batch, and serves those that are still there', async () => {
    const clock = new ManualClock();
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .with({ clock })
      .gateway({ routeResponses: ['ping'] })
      .on('websocket.ping', () => 'pong')
      .on('websocket.disconnected', disconnected.push)
      .start();
    const clients = await Promise.all(Array.from({ length: 120 }, () => app.connect()));
    const ids = await app.manager.getAllConnections();
    let hasClosed = false;
    const closing = app.app.close().then(() => void (hasClosed = true));
    for (const left of [80, 40]) {
      await untilOpen(clients, left);
      await disconnected.until(120 - left);
      const stays = clients.filter(isOpen);
      expect(stays).toHaveLength(left);
      expect(await app.manager.getAllConnections()).toHaveLength(left);
      for (const client of stays) client.send({ action: 'ping' });
      for (const client of stays) expect(await client.nextJson()).toBe('pong');
      expect(await GatewayClient.start(app.url).refused()).toBe(503);
      expect(hasClosed).toBe(false);
      // A batch comes at some time within its hundred milliseconds.
      await clock.advance(left === 80 ? 100 : 200);
    }
    await closing;
    for (const client of clients) expect(await client.closed).toEqual(RESTART);
    expect(disconnected.all.map(({ connectionId }) => connectionId).sort()).toEqual([...ids].sort());
    for (const event of disconnected.all) expect(event).toMatchObject({ ...RESTART, cause: 'server' });
  });

  it('says that it is not ready at once, and serves on for the time of drain.delayMs', async () => {
    const clock = new ManualClock();
    const app = await gatewayApp()
      .with({ clock })
      .gateway({ drain: { delayMs: 5_000 } })
      .start();
    const readiness = new URL('/readyz', app.endpoint).href;
    const early = await app.connect();
    expect((await fetchPlain(readiness)).status).toBe(200);
    const closing = app.app.close();
    while ((await fetchPlain(readiness)).status === 200) await nextTurn();
    expect(await app.app.get(EmbeddedGateway).isReady()).toBe(false);
    await clock.advance(4_999);
    const late = await app.connect();
    expect([early, late].map(isOpen)).toEqual([true, true]);
    await clock.advance(1);
    await closing;
    expect([await early.closed, await late.closed]).toEqual([RESTART, RESTART]);
  });

  it('lets messages that are being handled be answered before it closes their connection', async () => {
    const gate = new Gate();
    const working = recorder<'websocket.work'>();
    const app = await gatewayApp()
      .gateway({ routeResponses: ['work'] })
      .on('websocket.work', async (event) => {
        working.push(event);
        await gate.opened;
        return 'done';
      })
      .start();
    const [busy, idle] = [await app.connect(), await app.connect()];
    busy.send({ action: 'work' });
    await working.next();
    const closing = app.app.close();
    expect(await idle.closed).toEqual(RESTART);
    expect(isOpen(busy)).toBe(true);
    gate.open();
    expect(await busy.nextJson()).toBe('done');
    expect(await busy.closed).toEqual(RESTART);
    await closing;
  });

  it('waits for messages that clients sent before they heard of the close', async () => {
    const working = heldRecorder<'websocket.work'>();
    const app = await gatewayApp().on('websocket.work', working.hold).start();
    const raw = await RawConnection.upgraded(app.port);
    let hasClosed = false;
    const closing = app.app.close().then(() => void (hasClosed = true));
    await raw.until('Service Restart');
    raw.socket.write(maskedText('{"action":"work"}'));
    await working.next();
    raw.socket.destroy();
    const [connectionId = ''] = working.all.map((event) => event.connectionId);
    await untilForgotten(app, connectionId);
    await nextTurn();
    expect(hasClosed).toBe(false);
    working.open();
    await closing;
  });

  it('gives messages half of drain.graceMs, and all together no more than the whole', async () => {
    const clock = new ManualClock();
    const working = recorder<'websocket.work'>();
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .with({ clock })
      .gateway({ drain: { durationMs: 0, graceMs: 4_000 } })
      .on('websocket.work', (event) => {
        working.push(event);
        return new Promise(() => undefined);
      })
      .on('websocket.disconnected', disconnected.push)
      .start();
    const client = await app.connect();
    client.send({ action: 'work' });
    await working.next();
    const { closed } = await startToClose(app);
    await clock.advance(1_999);
    await nextTurn();
    expect(isOpen(client)).toBe(true);
    await clock.advance(1);
    expect(await client.closed).toEqual(RESTART);
    await disconnected.next();
    expect(await app.manager.getAllConnections()).toEqual([]);
    await clock.advance(2_000);
    await closed;
    expect(app.logged).toEqual([expect.stringContaining('before every listener had ended')]);
  });

  it('does not wait longer than that for a handshake that the application never answers', async () => {
    const clock = new ManualClock();
    const connecting = recorder<'websocket.connected'>();
    const app = await gatewayApp()
      .with({ clock })
      .gateway({ drain: { durationMs: 0, graceMs: 4_000 } })
      .on('websocket.connected', (event) => {
        connecting.push(event);
        return new Promise(() => undefined);
      })
      .start();
    const client = GatewayClient.start(app.url);
    await connecting.next();
    const { closed } = await startToClose(app);
    await clock.advance(4_000);
    await closed;
    expect((await client.closed).code).toBe(1006);
  });

  it('leaves no timer behind', async () => {
    const clock = new ManualClock();
    const app = await gatewayApp().with({ clock }).start();
    await Promise.all(Array.from({ length: 5 }, () => app.connect()));
    await app.app.close();
    await nextTurn();
    expect(clock.pending).toBe(0);
  });
});

describe('a process that gets SIGTERM', () => {
  it('parts from all its clients with 1012, forgets them, and ends by that signal', async () => {
    const host = await HostProcess.start({ port: 0 });
    const clients = await Promise.all(Array.from({ length: 30 }, () => GatewayClient.open(host.url)));
    await host.until('connected', 30);
    const late = clients[0]!;
    late.send({ action: 'late' });
    await host.until('working', 1);
    host.kill('SIGTERM');
    for (const client of clients) expect(await client.closed).toEqual(RESTART);
    // The answer to what was being handled when the signal came.
    expect(late.messages.all.map((text) => JSON.parse(text) as unknown)).toEqual([{ late: true }]);
    expect(await host.ended).toEqual({ code: null, signal: 'SIGTERM' });
    const ended = host.all('disconnected');
    expect(ended.map(({ connectionId }) => connectionId).sort()).toEqual(
      host
        .all('connected')
        .map(({ connectionId }) => connectionId)
        .sort(),
    );
    for (const event of ended) expect(event).toMatchObject({ cause: 'server', code: 1012, isKnown: false });
  });

  it('takes no more time than it needs when few are connected', async () => {
    const host = await HostProcess.start({ port: 0 });
    const clients = await Promise.all(Array.from({ length: 3 }, () => GatewayClient.open(host.url)));
    const startedAt = performance.now();
    host.kill('SIGINT');
    expect(await host.ended).toEqual({ code: null, signal: 'SIGINT' });
    // Half of what the drain of many is spread over.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    for (const client of clients) expect(await client.closed).toEqual(RESTART);
  });

  it('ends in time although a client never answers and a message is never done', async () => {
    const host = await HostProcess.start({ port: 0, drain: { durationMs: 100, graceMs: 800 } });
    const port = Number(new URL(host.url).port);
    const deaf = await RawConnection.upgraded(port);
    const busy = await GatewayClient.open(host.url);
    await host.until('connected', 2);
    busy.send({ action: 'stuck' });
    await host.until('working', 1);
    host.kill('SIGTERM');
    expect(await host.ended).toEqual({ code: null, signal: 'SIGTERM' });
    await deaf.closed;
    expect(host.all('disconnected')).toHaveLength(2);
  });
});

/** A text frame of a client, masked with zeros. */
function maskedText(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
