import { afterEach, describe, expect, it } from '@jest/globals';
import {
  closeGatewayApps,
  gatewayApp,
  recorder,
  type GatewayApp,
  type GatewayAppBuilder,
} from '../support/gateway-app.js';
import { fetchPlain, RawConnection } from '../support/gateway-client.js';
import { ManualClock } from '../support/manual.clock.js';

afterEach(closeGatewayApps);

const PING = '\x89\x00';

/** A gateway on a clock that the test moves, and what ends on it. */
async function watched(options: Parameters<GatewayAppBuilder['gateway']>[0] = {}) {
  const clock = new ManualClock();
  const disconnected = recorder<'websocket.disconnected'>();
  const messages = recorder<'websocket.message'>();
  const app = await gatewayApp()
    .gateway({ pingIntervalSeconds: 30, ...options })
    .with({ clock })
    .on('websocket.message', messages.push)
    .on('websocket.disconnected', disconnected.push)
    .start();
  return { app, clock, disconnected, messages };
}

/** Goes to the gateway and back a few times, so that what was under way between it and its clients has arrived. */
async function settle(app: GatewayApp): Promise<void> {
  for (let trip = 0; trip < 3; trip++) await fetchPlain(app.endpoint);
}

async function pass(app: GatewayApp, clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1_000);
    await settle(app);
  }
}

/** Waits for the gateway's ping, a second at a time. */
async function untilPinged(app: GatewayApp, clock: ManualClock, raw: RawConnection): Promise<void> {
  while (!raw.text.includes(PING)) await pass(app, clock, 1);
}

/** Sends to the connection until its client is found to read too slowly. */
async function fill(app: GatewayApp, connectionId: string): Promise<void> {
  const data = 'x'.repeat(100_000);
  for (let sent = 0; sent < 1_000; sent++) {
    if (!(await app.manager.sendToConnection(connectionId, data))) return;
  }
  throw new Error('The client was never too slow.');
}

describe('pings of the gateway', () => {
  it('reach every client once in their interval, not all at once, and keep those that answer', async () => {
    const { app, clock, disconnected } = await watched();
    const clients = await Promise.all(Array.from({ length: 6 }, () => app.connect()));
    const pinged: number[] = [];
    clients.forEach((client, index) => client.socket.on('ping', () => pinged.push(index)));
    const counts = new Set<number>();
    for (let second = 0; second < 30; second++) {
      await pass(app, clock, 1);
      counts.add(pinged.length);
    }
    expect([...pinged].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(counts.size).toBeGreaterThan(4);
    await pass(app, clock, 60);
    expect(pinged).toHaveLength(18);
    expect(disconnected.all).toEqual([]);
  });

  it('end a connection that answers nothing for ten seconds, with 1006', async () => {
    const { app, clock, disconnected } = await watched();
    const dead = await RawConnection.upgraded(app.port);
    const [connectionId] = await app.manager.getAllConnections();
    await untilPinged(app, clock, dead);
    await pass(app, clock, 9);
    expect(disconnected.all).toEqual([]);
    await pass(app, clock, 1);
    await dead.closed;
    expect(await disconnected.next()).toMatchObject({ connectionId, cause: 'client', code: 1006 });
    expect(await app.manager.getAllConnections()).toEqual([]);
  });

  it('take any data for an answer', async () => {
    const { app, clock, disconnected, messages } = await watched();
    const raw = await RawConnection.upgraded(app.port);
    await untilPinged(app, clock, raw);
    raw.socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]));
    await messages.next();
    await pass(app, clock, 15);
    expect(disconnected.all).toEqual([]);
    raw.socket.destroy();
  });

  it('take the first part of a message for an answer, too', async () => {
    const { app, clock, disconnected } = await watched();
    const raw = await RawConnection.upgraded(app.port);
    await untilPinged(app, clock, raw);
    raw.socket.write(Buffer.from([0x81, 0xfe, 0x40, 0x00, 0, 0, 0, 0, 0x61]));
    await pass(app, clock, 15);
    expect(disconnected.all).toEqual([]);
    raw.socket.destroy();
  });

  it('do not count as data', async () => {
    const { app, clock } = await watched({ pingIntervalSeconds: 5, idleTimeoutSeconds: 20 });
    const client = await app.connect();
    let pings = 0;
    client.socket.on('ping', () => pings++);
    await pass(app, clock, 20);
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(pings).toBeGreaterThanOrEqual(3);
  });

  it('and the time for idle clients do not notice that the clock is set', async () => {
    const { app, clock } = await watched({ pingIntervalSeconds: 5, idleTimeoutSeconds: 20 });
    const client = await app.connect();
    let pings = 0;
    client.socket.on('ping', () => pings++);
    await pass(app, clock, 5);
    clock.setBy(3_600_000);
    await pass(app, clock, 5);
    clock.setBy(-7_200_000);
    await pass(app, clock, 9);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await pass(app, clock, 1);
    expect(await client.closed).toMatchObject({ code: 1001 });
    expect(pings).toBeGreaterThanOrEqual(3);
  });

  it('come as often as WEBSOCKET_PING_INTERVAL says, unless the option says otherwise', async () => {
    process.env['WEBSOCKET_PING_INTERVAL'] = '4';
    try {
      const { app, clock } = await watched({ pingIntervalSeconds: undefined as unknown as number });
      const raw = await RawConnection.upgraded(app.port);
      await pass(app, clock, 4);
      expect(raw.text).toContain(PING);
      raw.socket.destroy();
      const other = await watched({ pingIntervalSeconds: 0 });
      const left = await RawConnection.upgraded(other.app.port);
      await pass(other.app, other.clock, 60);
      expect(left.text).not.toContain(PING);
      left.socket.destroy();
    } finally {
      delete process.env['WEBSOCKET_PING_INTERVAL'];
    }
  });
});

describe('a client that does not read', () => {
  it('is closed with 1013 after thirty seconds above its budget, and dropped when it does not hear of that', async () => {
    const { app, clock, disconnected } = await watched({ pingIntervalSeconds: 0, maxBufferedBytes: 65_536 });
    const deaf = await RawConnection.upgraded(app.port);
    deaf.socket.pause();
    const [connectionId] = await app.manager.getAllConnections();
    await fill(app, connectionId!);
    await clock.advance(29_999);
    expect(await app.manager.sendToConnection(connectionId!, 'x')).toBe(false);
    expect(await app.manager.connectionExists(connectionId!)).toBe(true);
    await clock.advance(1);
    expect(disconnected.all).toEqual([]);
    await clock.advance(10_000);
    expect(await disconnected.next()).toMatchObject({ connectionId, code: 1013, reason: 'Reading too slowly' });
    expect(await app.manager.getAllConnections()).toEqual([]);
    deaf.socket.destroy();
  });

  it('is dropped when it can be told nothing any more: it has ended its side', async () => {
    const { app, clock, disconnected } = await watched({ pingIntervalSeconds: 0, maxBufferedBytes: 65_536 });
    const deaf = await RawConnection.upgraded(app.port);
    deaf.socket.pause();
    const [connectionId] = await app.manager.getAllConnections();
    await fill(app, connectionId!);
    deaf.socket.end();
    await settle(app);
    expect(disconnected.all).toEqual([]);
    await clock.advance(30_000);
    await settle(app);
    expect(disconnected.all).toMatchObject([{ connectionId, code: 1006 }]);
    deaf.socket.destroy();
  });

  it('is told to come back later once it reads again', async () => {
    const { app, clock } = await watched({ pingIntervalSeconds: 0, maxBufferedBytes: 65_536 });
    const { client, connectionId } = await app.connectWithId();
    client.socket.pause();
    await fill(app, connectionId);
    await clock.advance(30_000);
    client.socket.resume();
    expect(await client.closed).toEqual({ code: 1013, reason: 'Reading too slowly' });
  });

  it('stays when it reads again in time', async () => {
    const { app, clock, disconnected } = await watched({ pingIntervalSeconds: 0, maxBufferedBytes: 65_536 });
    const { client, connectionId } = await app.connectWithId();
    client.socket.pause();
    await fill(app, connectionId);
    await clock.advance(29_000);
    client.socket.resume();
    while (!(await app.manager.sendToConnection(connectionId, 'and on'))) await settle(app);
    await clock.advance(120_000);
    expect(disconnected.all).toEqual([]);
    expect(await client.messages.until(2)).toBeDefined();
    await client.close();
  });

  it('but pings without end costs the gateway a few pongs, and is answered its latest ping', async () => {
    const { app } = await watched({ pingIntervalSeconds: 0 });
    const raw = await RawConnection.upgraded(app.port);
    raw.socket.pause();
    const count = 150_000;
    const pings = Buffer.concat(Array.from({ length: count }, (_, index) => pingFrame(index)));
    await new Promise((resolve) => raw.socket.write(pings, resolve));
    await settle(app);
    raw.socket.resume();
    await raw.until(`ping:${String(count - 1).padStart(6, '0')}`);
    expect(raw.text.split('ping:').length).toBeLessThan(count);
    raw.socket.destroy();
  });
});

describe('a client that pings', () => {
  it('is answered each ping, with its data', async () => {
    const { app } = await watched();
    const client = await app.connect();
    const pongs: string[] = [];
    const all = new Promise<void>((resolve) => {
      client.socket.on('pong', (data) => {
        pongs.push(data.toString());
        if (pongs.length === 10) resolve();
      });
    });
    for (let index = 0; index < 10; index++) client.socket.ping(`number ${index}`);
    await all;
    expect(pongs).toEqual(Array.from({ length: 10 }, (_, index) => `number ${index}`));
    await client.close();
  });
});

/** A masked ping of 120 bytes that says which one it is. */
function pingFrame(index: number): Buffer {
  const payload = Buffer.from(`ping:${String(index).padStart(6, '0')}`.padEnd(120, '.'));
  return Buffer.concat([Buffer.from([0x89, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
