import { afterEach, describe, expect, it } from '@jest/globals';
import { deflateRawSync, inflateRawSync, constants } from 'node:zlib';
import { closeGatewayApps, gatewayApp, recorder, type GatewayApp } from '../support/gateway-app.js';
import { Gate } from '../support/gateway-inbox.js';
import { dropFrameClients, FrameClient } from '../support/frame-client.js';
import { Opcode, type ReceivedFrame } from '../support/frames.js';

afterEach(async () => {
  dropFrameClients();
  await closeGatewayApps();
});

const OFFER = 'permessage-deflate; client_max_window_bits';
const OFFERED = { 'Sec-WebSocket-Extensions': OFFER };

/** What compresses well, in so many bytes of JSON. */
const textOf = (bytes: number): string => JSON.stringify('abcdefgh'.repeat(bytes / 8 + 1).slice(0, bytes - 2));

/** What does not compress at all. */
function noise(bytes: number): string {
  let state = 1;
  const next = (): number => (state = Math.imul(state, 1_103_515_245) + 12_345) >>> 16;
  return String.fromCharCode(...Array.from({ length: bytes }, () => 0x23 + (next() % 57)));
}

const start = (compression: boolean | object = true): Promise<GatewayApp> =>
  gatewayApp().gateway({ compression }).start();

/** The text of a frame, inflated with a window as large as was agreed (RFC 7692 section 7.2.2). */
function textIn({ isCompressed, payload }: ReceivedFrame, windowBits = 15): string {
  if (!isCompressed) return payload.toString();
  const whole = Buffer.concat([payload, Buffer.from([0x00, 0x00, 0xff, 0xff])]);
  return inflateRawSync(whole, { windowBits, finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

/** What a client that compresses puts into a frame. */
const deflated = (text: string | Buffer): Buffer =>
  deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

describe('compression', () => {
  it('is off unless it is asked for', async () => {
    const client = await FrameClient.open(await gatewayApp().start(), OFFERED);
    expect(client.extensions).toBeNull();
  });

  it('sends what is large to those that take it so, and the rest as it is', async () => {
    const app = await start();
    const [willing, plain] = [await FrameClient.open(app, OFFERED), await FrameClient.open(app)];
    expect(plain.extensions).toBeNull();
    for (const bytes of [1_023, 1_024, 20_000]) {
      await app.manager.broadcast(JSON.parse(textOf(bytes)));
      const [compressed, asItIs] = [await willing.next(), await plain.next()];
      expect(compressed).toMatchObject({ isFinal: true, opcode: Opcode.text, isCompressed: bytes >= 1_024 });
      expect(asItIs.isCompressed).toBe(false);
      expect([textIn(compressed), textIn(asItIs)]).toEqual([textOf(bytes), textOf(bytes)]);
    }
  });

  it('leaves a message as it is that would not become smaller', async () => {
    const app = await start();
    const client = await FrameClient.open(app, OFFERED);
    const alreadyCompressed = deflated(noise(20_000));
    await app.manager.broadcast(alreadyCompressed);
    expect(await client.next()).toMatchObject({ isCompressed: false, payload: alreadyCompressed });
    await app.manager.broadcast(deflated(noise(40_000)));
    expect((await client.next()).isCompressed).toBe(false);
  });

  it('gives everyone the same frame, each message by itself', async () => {
    const app = await start();
    const clients = await Promise.all(Array.from({ length: 5 }, () => FrameClient.open(app, OFFERED)));
    await app.manager.broadcast(JSON.parse(textOf(3_000)));
    await app.manager.broadcast(JSON.parse(textOf(3_000)));
    const frames = await Promise.all(clients.map((client) => client.frames.until(2)));
    const all = frames.flatMap((ofClient) => ofClient.map(({ payload }) => payload.toString('hex')));
    expect(new Set(all).size).toBe(1);
  });

  const offers: readonly [offer: string, answer: string | null][] = [
    ['permessage-deflate', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
    [OFFER, 'permessage-deflate; client_max_window_bits=12; server_no_context_takeover; client_no_context_takeover'],
    [
      'permessage-deflate; client_max_window_bits=9; server_max_window_bits="10"',
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=9; server_no_context_takeover; client_no_context_takeover',
    ],
    [
      'permessage-deflate; server_max_window_bits=7, permessage-deflate; server_no_context_takeover',
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    ['x-webkit-deflate-frame', null],
    ['permessage-deflate; mystery=1', null],
    ['permessage-deflate; server_max_window_bits', null],
    ['permessage-deflate; server_no_context_takeover=1', null],
    ['permessage-deflate; server_max_window_bits=10; server_max_window_bits=11', null],
    [';;=,"', null],
  ];
  it.each(offers)('answers the offer %s with %s', async (offer, answer) => {
    const app = await start();
    const client = await FrameClient.open(app, { 'Sec-WebSocket-Extensions': offer });
    expect(client.answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(client.extensions).toBe(answer);
    await app.manager.broadcast(JSON.parse(textOf(5_000)));
    expect(await client.next()).toMatchObject({ isCompressed: answer !== null });
  });

  it.each([8, 9, 10, 12, 15])('keeps to a window of 2^%i bytes that the client asks for', async (windowBits) => {
    const app = await start();
    const client = await FrameClient.open(app, {
      'Sec-WebSocket-Extensions': `permessage-deflate; server_max_window_bits=${windowBits}`,
    });
    // What repeats lies further back than the smaller windows reach.
    const text = JSON.stringify(noise(700).repeat(8));
    await app.manager.broadcast(JSON.parse(text));
    const frame = await client.next();
    // zlib does not compress for windows of 256 bytes.
    expect(frame.isCompressed).toBe(windowBits >= 9);
    expect(textIn(frame, windowBits)).toBe(text);
  });

  it('keeps the order of messages, also of those that take long to compress', async () => {
    const app = await start();
    const client = await FrameClient.open(app, OFFERED);
    const sizes = Array.from({ length: 60 }, (_, index) => [130_000, 10, 2_000, 90_000][index % 4]! - index);
    const reports = await Promise.all(
      sizes.map((bytes) => app.manager.except().send(JSON.parse(textOf(Math.max(2, bytes))))),
    );
    const delivered = sizes.filter((_, index) => reports[index]!.delivered === 1);
    const frames = await client.frames.until(delivered.length);
    expect(frames.map((frame) => textIn(frame).length)).toEqual(delivered.map((bytes) => Math.max(2, bytes)));
    expect(delivered.length).toBeGreaterThan(8);
  });

  it('sends what the bytes were, not what the application made of them while they were compressed', async () => {
    const app = await start();
    const client = await FrameClient.open(app, OFFERED);
    const bytes = Buffer.from(textOf(130_000));
    await app.manager.broadcast(bytes);
    bytes.fill(0);
    expect(textIn(await client.next())).toBe(textOf(130_000));
  });

  it('counts what waits to be compressed as waiting for the client', async () => {
    const app = await gatewayApp().gateway({ compression: true, maxBufferedBytes: 150_000 }).start();
    const client = await FrameClient.open(app, OFFERED);
    const send = (): Promise<{ delivered: number; throttled: number }> =>
      app.manager.except().send(JSON.parse(textOf(100_000)));
    const reports = await Promise.all([send(), send(), send(), send()]);
    expect(reports.map(({ delivered }) => delivered)).toEqual([1, 1, 0, 0]);
    expect(reports.map(({ throttled }) => throttled)).toEqual([0, 0, 1, 1]);
    expect(await client.frames.until(2)).toHaveLength(2);
  });

  it('closes behind what was sent before, however long that takes to compress', async () => {
    const app = await start();
    const client = await FrameClient.open(app, OFFERED);
    const [connectionId] = await app.manager.getAllConnections();
    await app.manager.broadcast(JSON.parse(textOf(130_000)));
    expect(await app.manager.disconnect(connectionId!, { code: 4_001 })).toBe(true);
    expect(await app.manager.sendToConnection(connectionId!, 'too late')).toBe(false);
    const [message, close] = await client.frames.until(2);
    expect(textIn(message!)).toBe(textOf(130_000));
    expect(close).toMatchObject({ opcode: Opcode.close, payload: Buffer.from([0x0f, 0xa1]) });
  });

  it('sends nothing behind the answer to a close of the client', async () => {
    const disconnected = new Gate();
    const app: GatewayApp = await gatewayApp()
      .gateway({ compression: true })
      .on('websocket.message', () => app.manager.broadcast(JSON.parse(textOf(130_000))))
      .on('websocket.disconnected', () => disconnected.open())
      .start();
    const client = await FrameClient.open(app, OFFERED);
    client.socket.cork();
    client.send(Opcode.text, '1');
    client.send(Opcode.close, Buffer.from([0x03, 0xe8]));
    client.socket.uncork();
    await disconnected.opened;
    await client.closed;
    expect(client.frames.all.at(-1)).toMatchObject({ opcode: Opcode.close });
  });

  it('goes both ways with a client of ws', async () => {
    const app = await gatewayApp()
      .gateway({ compression: { thresholdBytes: 0, level: 9, memLevel: 9 }, routeResponses: ['$default'] })
      .on('websocket.message', ({ message }) => message)
      .start();
    const client = await app.connect({ perMessageDeflate: { threshold: 0 } });
    expect(client.socket.extensions).toBe('permessage-deflate');
    for (const bytes of [2, 10, 1_000, 100_000]) {
      client.send(textOf(bytes));
      expect(await client.next()).toBe(textOf(bytes));
    }
    await client.close();
  });

  it('takes whole messages and fragments that a client compressed', async () => {
    const app = await gatewayApp()
      .gateway({ compression: true, routeResponses: ['$default'] })
      .on('websocket.message', ({ message }) => message)
      .start();
    const client = await FrameClient.open(app, OFFERED);
    const bytes = deflated(textOf(500));
    client.send(Opcode.text, bytes, { reserved: 4 });
    client.send(Opcode.text, bytes.subarray(0, 10), { reserved: 4, isFinal: false });
    client.send(Opcode.continuation, bytes.subarray(10));
    const answers = await client.frames.until(2);
    expect(answers.map((frame) => textIn(frame))).toEqual([textOf(500), textOf(500)]);
  });

  const violations: readonly [what: string, payload: Buffer, code: number][] = [
    ['a message that inflates to more than it may be', deflated(Buffer.alloc(50_000_000)), 1009],
    ['what is not compressed although it says so', Buffer.from('no deflate stream at all'), 1007],
  ];
  it.each(violations)('closes a connection for %s, and the application hears why', async (_, payload, code) => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .gateway({ compression: true, maxMessageBytes: 65_536 })
      .on('websocket.disconnected', disconnected.push)
      .start();
    const client = await FrameClient.open(app, OFFERED);
    client.send(Opcode.text, payload, { reserved: 4 });
    expect(await client.next()).toMatchObject({ opcode: Opcode.close });
    expect(client.frames.all[0]!.payload.readUInt16BE(0)).toBe(code);
    client.socket.destroy();
    expect(await disconnected.next()).toMatchObject({ code });
  });

  it('is refused where it was not agreed upon', async () => {
    const client = await FrameClient.open(await start());
    client.send(Opcode.text, deflated('"hello"'), { reserved: 4 });
    expect((await client.next()).payload.readUInt16BE(0)).toBe(1002);
  });
});
