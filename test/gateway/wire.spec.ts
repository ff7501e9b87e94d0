import { afterEach, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { EmbeddedGateway, WebSocketManager } from '../../src/index.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../support/faulty-server.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';
import { dropFrameClients, FrameClient } from '../support/frame-client.js';
import { Opcode } from '../support/frames.js';

afterEach(async () => {
  dropFrameClients();
  await closeGatewayApps();
});

/** JSON of exactly so many bytes. */
const textOf = (bytes: number): string => JSON.stringify('x'.repeat(bytes - 2));

describe('a message on the wire', () => {
  // The client takes no frame that is masked, nor a length in more bytes than it needs.
  it.each([2, 125, 126, 65_535, 65_536, 131_072])('of %i bytes is one text frame', async (bytes) => {
    const app = await gatewayApp().start();
    const client = await FrameClient.open(app);
    await app.manager.broadcast(JSON.parse(textOf(bytes)));
    const frame = await client.next();
    expect(frame).toMatchObject({ isFinal: true, isCompressed: false });
    expect(frame.opcode).toBe(Opcode.text);
    expect(frame.payload.toString() === textOf(bytes)).toBe(true);
  });

  it('takes the same way through TLS', async () => {
    const httpsOptions = { key: TEST_KEY, cert: TEST_CERTIFICATE };
    const app = await NestFactory.create(gatewayApp().attached().module(), { logger: false, httpsOptions });
    try {
      await app.listen(0, '127.0.0.1');
      const client = await FrameClient.open({ url: app.get(EmbeddedGateway).url! });
      for (const bytes of [100, 70_000, 200]) await app.get(WebSocketManager).broadcast(JSON.parse(textOf(bytes)));
      const frames = await client.frames.until(3);
      expect(frames.map(({ opcode, payload }) => [opcode, payload.byteLength])).toEqual(
        [100, 70_000, 200].map((bytes) => [Opcode.text, bytes]),
      );
    } finally {
      dropFrameClients();
      await app.close();
    }
  });

  it('is text even when it was given as bytes, as API Gateway delivers everything', async () => {
    const app = await gatewayApp().start();
    const client = await FrameClient.open(app);
    await app.manager.broadcast(new Uint8Array([0, 1, 2, 127]));
    expect(await client.next()).toMatchObject({ opcode: Opcode.text, payload: Buffer.from([0, 1, 2, 127]) });
  });

  it('is the same for all recipients, and in the order in which it was sent', async () => {
    const app = await gatewayApp().start();
    const clients = await Promise.all(Array.from({ length: 20 }, () => FrameClient.open(app)));
    const sends = Array.from({ length: 50 }, (_, index) => app.manager.broadcast({ index }));
    await Promise.all(sends);
    for (const client of clients) {
      const frames = await client.frames.until(50);
      expect(frames.map(({ payload }) => JSON.parse(payload.toString()))).toEqual(sends.map((_, index) => ({ index })));
    }
  });

  it('stays what it was when the application changes its bytes afterwards', async () => {
    const app = await gatewayApp().start();
    const client = await FrameClient.open(app);
    client.socket.pause();
    const bytes = Buffer.from(textOf(1_000));
    await app.manager.broadcast(bytes);
    bytes.fill(0);
    client.socket.resume();
    expect((await client.next()).payload.toString()).toBe(textOf(1_000));
  });

  it('never lands inside a control frame, nor a control frame inside a message', async () => {
    const app = await gatewayApp()
      .gateway({ routeResponses: ['$default'] })
      .on('websocket.message', ({ message }) => ({ answer: message }))
      .start();
    const client = await FrameClient.open(app);
    const sends: Promise<unknown>[] = [];
    for (let index = 0; index < 50; index++) {
      client.send(Opcode.ping, `ping ${index}`);
      client.send(Opcode.text, JSON.stringify(index));
      sends.push(app.manager.broadcast('x'.repeat(5_000)));
    }
    await Promise.all(sends);
    const frames = await client.frames.until(150);
    const payloads = (opcode: number): string[] =>
      frames.filter((frame) => frame.opcode === opcode).map(({ payload }) => payload.toString());
    expect(payloads(Opcode.pong)).toEqual(Array.from({ length: 50 }, (_, index) => `ping ${index}`));
    const [broadcasts, answers] = [
      payloads(Opcode.text).filter((text) => text.startsWith('"x')),
      payloads(Opcode.text),
    ];
    expect(new Set(broadcasts)).toEqual(new Set([textOf(5_002)]));
    expect(broadcasts).toHaveLength(50);
    expect(answers.filter((text) => text.startsWith('{'))).toEqual(
      Array.from({ length: 50 }, (_, answer) => JSON.stringify({ answer })),
    );
  });

  it('is followed by nothing once the close frame was sent', async () => {
    const app = await gatewayApp().start();
    const { client, connectionId } = {
      client: await FrameClient.open(app),
      connectionId: (await app.manager.getAllConnections())[0]!,
    };
    await app.manager.broadcast('last');
    const closing = app.manager.disconnect(connectionId, { code: 4_000, reason: 'enough' });
    const late = app.manager.broadcast('late');
    await Promise.all([closing, late]);
    expect(await client.next()).toMatchObject({ opcode: Opcode.text });
    expect(await client.next()).toMatchObject({
      opcode: Opcode.close,
      payload: Buffer.from('\x0f\xa0enough', 'latin1'),
    });
    client.send(Opcode.close, Buffer.from([0x0f, 0xa0]));
    await client.closed;
    expect(client.frames.all).toHaveLength(2);
  });

  it('reaches everyone else when sockets close in the middle of a broadcast', async () => {
    const app = await gatewayApp().start();
    const [staying, leaving] = await Promise.all(
      [20, 20].map((count) => Promise.all(Array.from({ length: count }, () => FrameClient.open(app)))),
    );
    const reports = Array.from({ length: 40 }, async (_, index) => {
      if (index >= 10 && index < 30) leaving![index - 10]!.socket.resetAndDestroy();
      return app.manager.except().send('x'.repeat(50_000));
    });
    for (const { failed, throttled } of await Promise.all(reports))
      expect({ failed, throttled }).toEqual({ failed: 0, throttled: 0 });
    for (const client of staying!) expect(await client.frames.until(40)).toHaveLength(40);
  });
});
