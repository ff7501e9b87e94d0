import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Registry } from 'prom-client';
import { constants, deflateRawSync } from 'node:zlib';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GatewaySocket } from '../../src/gateway/gateway.socket.js';
import type { DisconnectedEvent } from '../../src/index.js';
import { dropFrameClients, FrameClient } from '../support/frame-client.js';
import { frame, Opcode, text } from '../support/frames.js';
import { closeGatewayApps, gatewayApp, type GatewayApp } from '../support/gateway-app.js';
import { RawConnection } from '../support/gateway-client.js';
import { Gate, Inbox } from '../support/gateway-inbox.js';

afterEach(async () => {
  jest.restoreAllMocks();
  dropFrameClients();
  await closeGatewayApps();
});

/** A client's round trip on a connection of its own: the gateway serves others meanwhile. */
async function healthyRoundTrip(app: GatewayApp): Promise<void> {
  const client = await app.connect();
  client.send({ action: 'ping' });
  expect(await client.nextJson()).toBe('pong');
  await client.close();
}

describe('the gateway pushes back', () => {
  it('on a client whose messages are handled too slowly: the rest waits, and keeps its order', async () => {
    const started = new Inbox<unknown>();
    const gate = new Gate();
    let underWay = 0;
    let most = 0;
    const app = await gatewayApp()
      .gateway({ maxInFlightMessages: 2, routeResponses: ['ping'] })
      .on('websocket.ping', () => 'pong')
      .on('websocket.message', async ({ message }) => {
        most = Math.max(most, ++underWay);
        started.push(message);
        await gate.opened;
        underWay--;
      })
      .start();
    const client = await app.connect();
    for (let index = 0; index < 20; index++) client.send(String(index));
    await started.until(2);
    await healthyRoundTrip(app);
    expect(started.all).toEqual([0, 1]);
    gate.open();
    expect(await started.until(20)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(most).toBe(2);
    await client.close();
  });

  it('on a client that sends without end: its bytes stay on its side', async () => {
    const started = new Inbox<unknown>();
    const gate = new Gate();
    const app = await gatewayApp()
      .gateway({ maxInFlightMessages: 1, routeResponses: ['ping'] })
      .on('websocket.ping', () => 'pong')
      .on('websocket.message', async ({ eventData }) => {
        started.push(eventData.body?.length);
        await gate.opened;
      })
      .start();
    const client = await app.connect();
    for (let index = 0; index < 24; index++) client.send(Buffer.alloc(750_000));
    await started.until(1);
    for (let trip = 0; trip < 25; trip++) await healthyRoundTrip(app);
    expect(client.socket.bufferedAmount).toBeGreaterThan(8_000_000);
    gate.open();
    expect(await started.until(24)).toEqual(Array.from({ length: 24 }, () => 1_000_000));
    await client.close();
  });

  it('on a client whose large messages are handled too slowly, before there are many of them in memory', async () => {
    const started = new Inbox<unknown>();
    const gate = new Gate();
    const app = await gatewayApp()
      .on('websocket.message', async ({ eventData }) => {
        started.push(eventData.body?.length);
        await gate.opened;
      })
      .start();
    const client = await app.connect();
    for (let index = 0; index < 10; index++) client.send('x'.repeat(1_000_000));
    await started.until(3);
    for (let trip = 0; trip < 10; trip++) await app.manager.getStats().then(() => nextTurn());
    expect(started.all).toHaveLength(3);
    gate.open();
    expect(await started.until(10)).toEqual(Array.from({ length: 10 }, () => 1_000_000));
    await client.close();
  });

  describe('on a client whose compressed messages come to very much at once', () => {
    /** In one write, and so in one read: 60 KB that come to 60 MB. RFC 7692 section 7.2.1: without the four bytes that each message would end with. */
    const compressed = (content: string): Buffer => {
      const payload = deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
      return frame({ opcode: Opcode.text, payload, reserved: 4 });
    };
    const message = compressed('x'.repeat(1_000_000));
    const bomb = Buffer.concat(Array.from({ length: 60 }, () => message));

    async function bombed(data = bomb) {
      const gate = new Gate();
      const registry = new Registry();
      const started = new Inbox<unknown>();
      const disconnected = new Inbox<DisconnectedEvent>();
      const app = await gatewayApp()
        .with({ metrics: { registry } })
        .gateway({ compression: true, routeResponses: ['ping'], drain: { graceMs: 1_000 } })
        .on('websocket.ping', () => 'pong')
        .on('websocket.disconnected', (event) => disconnected.push(event))
        .on('websocket.message', async ({ eventData }) => {
          started.push(eventData.body?.length);
          await gate.opened;
        })
        .start();
      const client = await FrameClient.open(app, { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
      client.socket.write(data);
      const inflatedBytes = async (): Promise<number> => {
        const metric = await registry.getSingleMetric('websocket_received_bytes_total')?.get();
        return metric?.values[0]?.value ?? NaN;
      };
      return { app, client, gate, started, disconnected, inflatedBytes };
    }

    /** How much of others was inflated while 20 such messages of one client were inflated and answered. */
    async function inflatedMeanwhile({ app, inflatedBytes }: Awaited<ReturnType<typeof bombed>>): Promise<number> {
      const before = await inflatedBytes();
      const content = `{"action":"ping","data":"${'x'.repeat(1_000_000)}"}`;
      const client = await FrameClient.open(app, { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
      client.socket.write(Buffer.concat(Array.from({ length: 20 }, () => compressed(content))));
      await client.frames.until(20);
      client.socket.destroy();
      return (await inflatedBytes()) - before - 20 * content.length;
    }

    it('before they are inflated: they are when it is their turn', async () => {
      const bombing = await bombed();
      const { client, gate, started, disconnected } = bombing;
      await started.until(3);
      expect(await inflatedMeanwhile(bombing)).toBe(0);
      gate.open();
      expect(await started.until(60)).toEqual(Array.from({ length: 60 }, () => 1_000_000));
      client.socket.write(frame({ opcode: Opcode.close, payload: Buffer.from([0x03, 0xe8]) }));
      expect(await disconnected.until(2).then((all) => all.at(-1))).toMatchObject({ code: 1000 });
    });

    it('and then is gone: its end does not wait for what was not inflated, which nobody hears of', async () => {
      const { app, gate, started, disconnected } = await bombed();
      await started.until(3);
      // The client answers no close frame, and its socket is dropped.
      const closed = app.app.close();
      expect(await disconnected.next()).toMatchObject({ code: 1012, cause: 'server' });
      gate.open();
      await closed;
      expect(started.all).toHaveLength(3);
    });

    it('and breaks the protocol behind them: it is closed once they are handled', async () => {
      const unmasked = Buffer.from([0x81, 0x01, 0x61]);
      const { client, gate, started } = await bombed(
        Buffer.concat([bomb.subarray(0, 5 * message.byteLength), unmasked]),
      );
      await started.until(3);
      gate.open();
      const { opcode, payload: reason } = await client.next();
      expect([opcode, reason.readUInt16BE()]).toEqual([Opcode.close, 1002]);
      expect(started.all).toHaveLength(5);
    });

    it('where the library cannot be made to wait: it is closed with 1008', async () => {
      jest.spyOn(GatewaySocket.prototype, 'inflater', 'get').mockReturnValue(null);
      const { app, client, gate } = await bombed();
      const { opcode, payload: reason } = await client.next();
      expect([opcode, reason.readUInt16BE()]).toEqual([Opcode.close, 1008]);
      await healthyRoundTrip(app);
      gate.open();
    });
  });

  it('on a client that sends a message byte by byte: it is closed with 1008 long before each byte has cost a buffer', async () => {
    const app = await gatewayApp().gateway({ maxMessageBytes: 65_536 }).start();
    const client = await FrameClient.open(app);
    client.socket.setNoDelay(true);
    const bytes = text('x'.repeat(65_000));
    let sent = 0;
    while (sent < bytes.byteLength && client.frames.all.length === 0) {
      client.socket.write(bytes.subarray(sent, ++sent));
      await nextTurn();
    }
    expect((await client.next()).payload.readUInt16BE(0)).toBe(1008);
    expect(sent).toBeLessThan(40_000);
    client.socket.destroy();
  });

  it('on senders to a client that reads too slowly: their messages are throttled, the connection stays', async () => {
    const app = await gatewayApp().gateway({ maxBufferedBytes: 65_536 }).start();
    const raw = await RawConnection.upgraded(app.port);
    raw.socket.pause();
    const [connectionId] = await app.manager.getAllConnections();
    const data = 'x'.repeat(100_000);
    let report = await app.manager.except().send(data, { outcomes: true });
    let messages = 1;
    for (; report.delivered === 1 && messages < 1_000; messages++) {
      report = await app.manager.except().send(data, { outcomes: true });
    }
    expect(report).toMatchObject({ delivered: 0, throttled: 1 });
    expect({ ...report.outcomes }).toEqual({ [connectionId!]: { status: 'throttled', reason: 'slow-consumer' } });
    expect(await app.manager.sendToConnection(connectionId!, data)).toBe(false);
    expect(await app.manager.connectionExists(connectionId!)).toBe(true);
    raw.socket.destroy();
  });

  it('never on the order of messages to one client', async () => {
    const app = await gatewayApp().start();
    const { client, connectionId } = await app.connectWithId();
    for (let index = 0; index < 200; index++) void app.manager.sendToConnection(connectionId, index);
    expect(await client.messages.until(200)).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
    await client.close();
  });
});
