import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, recorder, type GatewayAppBuilder } from '../support/gateway-app.js';
import { fetchPlain, RawConnection } from '../support/gateway-client.js';
import { last, ping, text } from '../support/frames.js';
import { ManualClock } from '../support/manual.clock.js';

afterEach(closeGatewayApps);

const KB = 1_024;

const strict = (): GatewayAppBuilder => gatewayApp().gateway({ limits: 'api-gateway' });

/** A gateway in strict mode, on a clock that the test moves, and what ends on it. */
async function strictOnClock(options: Parameters<GatewayAppBuilder['gateway']>[0] = {}) {
  const clock = new ManualClock();
  const messages = recorder<'websocket.message'>();
  const disconnected = recorder<'websocket.disconnected'>();
  const app = await strict()
    .gateway(options)
    .with({ clock })
    .on('websocket.message', messages.push)
    .on('websocket.disconnected', disconnected.push)
    .start();
  return { clock, messages, disconnected, app };
}

/** Goes to the gateway and back over the network, so that what was under way has arrived. */
async function settle(endpoint: string): Promise<void> {
  for (let trip = 0; trip < 3; trip++) await fetchPlain(endpoint);
}

describe('a client in strict mode', () => {
  it('may send a frame of 32 KB', async () => {
    const { app, messages } = await strictOnClock();
    const client = await app.connect();
    client.send('x'.repeat(32 * KB));
    expect((await messages.next()).eventData.body).toHaveLength(32 * KB);
    await client.close();
  });

  it('is closed with 1009 for one byte more, and nobody hears of the message', async () => {
    const { app, messages, disconnected } = await strictOnClock();
    const client = await app.connect();
    client.send('x'.repeat(32 * KB + 1));
    expect(await client.closed).toEqual({ code: 1009, reason: '' });
    expect(await disconnected.next()).toMatchObject({ cause: 'client', code: 1009 });
    expect(messages.all).toEqual([]);
  });

  it('is closed with 1009 by the header of a frame, before the rest has arrived', async () => {
    const { app } = await strictOnClock();
    const raw = await RawConnection.upgraded(app.port);
    raw.socket.write(Buffer.from([0x81, 0xfe, 0x80, 0x01, 0, 0, 0, 0]));
    expect(await raw.until('\x88\x02\x03\xf1')).toContain('101');
    raw.socket.destroy();
  });

  it('is measured from the very first byte behind its handshake', async () => {
    const { app, disconnected } = await strictOnClock();
    const raw = await RawConnection.open(app.port);
    const handshake = [
      'GET /ws HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
    ].join('\r\n');
    const frame = Buffer.concat([Buffer.from([0x81, 0xfe, 0x80, 0x01, 0, 0, 0, 0]), Buffer.alloc(32 * KB + 1, 0x61)]);
    raw.socket.write(Buffer.concat([Buffer.from(`${handshake}\r\n\r\n`), frame]));
    await raw.until('\x88\x02\x03\xf1');
    raw.socket.destroy();
    expect(await disconnected.next()).toMatchObject({ code: 1009 });
  });

  it('is heard up to the frame that is too large, even where all of it arrives at once', async () => {
    const { app, messages, disconnected } = await strictOnClock();
    const raw = await RawConnection.upgraded(app.port);
    const allowed = [text('first'), text('sec', false), ping(), last('ond')];
    raw.socket.write(Buffer.concat([...allowed, text('x'.repeat(32 * KB + 1)), text('behind it')]));
    await raw.until('\x88\x02\x03\xf1');
    raw.socket.destroy();
    expect(await disconnected.next()).toMatchObject({ code: 1009 });
    expect(messages.all.map(({ eventData }) => eventData.body)).toEqual(['first', 'second']);
  });

  it('may send a message of 128 KB in frames of 32 KB, and is closed with 1009 for one byte more', async () => {
    const { app, messages, disconnected } = await strictOnClock();
    const client = await app.connect();
    const part = 'x'.repeat(32 * KB);
    const fragment = (data: string, fin: boolean): void => client.socket.send(data, { fin });
    for (const fin of [false, false, false, true]) fragment(part, fin);
    expect((await messages.next()).eventData.body).toHaveLength(128 * KB);
    for (const fin of [false, false, false, false]) fragment(part, fin);
    fragment('x', true);
    expect(await client.closed).toMatchObject({ code: 1009 });
    expect(await disconnected.next()).toMatchObject({ code: 1009 });
    expect(messages.all).toHaveLength(1);
  });

  it('is closed with 1003 for a binary frame, and nobody hears of it', async () => {
    const { app, messages, disconnected } = await strictOnClock();
    const client = await app.connect();
    client.send(new Uint8Array([1, 2, 3]));
    client.send('behind it');
    expect(await client.closed).toEqual({ code: 1003, reason: '' });
    expect(await disconnected.next()).toMatchObject({ cause: 'client', code: 1003 });
    expect(messages.all).toEqual([]);
  });

  it('is closed with 1001 after ten minutes without data', async () => {
    const { app, clock, disconnected } = await strictOnClock();
    const client = await app.connect();
    await clock.advance(599_999);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await clock.advance(1);
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(await disconnected.next()).toMatchObject({ cause: 'client', code: 1001, reason: 'Going away' });
    expect(clock.pending).toBe(1); // The renewal of records.
  });

  it.each([
    [
      'from it',
      async ({ app, messages, client }: Conversation) => {
        client.send('hello');
        await messages.next();
        await settle(app.endpoint);
      },
    ],
    [
      'to it',
      async ({ app, client }: Conversation) => {
        await app.manager.broadcast('hello');
        await client.next();
      },
    ],
  ])('is given another ten minutes by data %s', async (_, talk) => {
    const context = await strictOnClock();
    const client = await context.app.connect();
    await context.clock.advance(500_000);
    await talk({ ...context, client });
    await context.clock.advance(599_999);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await context.clock.advance(1);
    expect(await client.closed).toMatchObject({ code: 1001 });
  });

  it('is given nothing by pings in either direction', async () => {
    const { app, clock } = await strictOnClock();
    const client = await app.connect();
    await clock.advance(500_000);
    const answered = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping('still here');
    await answered;
    await clock.advance(100_000);
    expect(await client.closed).toMatchObject({ code: 1001 });
  });

  it('is closed with 1001 at the age of two hours, however much it talks', async () => {
    const { app, clock, disconnected } = await strictOnClock();
    const client = await app.connect();
    for (let minute = 0; minute < 120; minute += 5) {
      await app.manager.broadcast(minute);
      await client.next();
      if (minute < 115) await clock.advance(300_000);
    }
    await clock.advance(299_999);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await clock.advance(1);
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(await disconnected.next()).toMatchObject({ cause: 'client', code: 1001 });
  });

  it('may be held to less', async () => {
    const options = { maxMessageBytes: 10, idleTimeoutSeconds: 5, maxConnectionSeconds: 8 };
    const { app, clock, messages } = await strictOnClock(options);
    const [long, quiet, old] = [await app.connect(), await app.connect(), await app.connect()];
    long.send('x'.repeat(11));
    expect(await long.closed).toMatchObject({ code: 1009 });
    await clock.advance(4_000);
    old.send('x'.repeat(10));
    await messages.next();
    await clock.advance(1_000);
    expect(await quiet.closed).toMatchObject({ code: 1001 });
    await clock.advance(2_999);
    expect(old.socket.readyState).toBe(old.socket.OPEN);
    await clock.advance(1);
    expect(await old.closed).toMatchObject({ code: 1001 });
  });

  it.each([
    ['maxMessageBytes', 131_073],
    ['idleTimeoutSeconds', 601],
    ['maxConnectionSeconds', 7_201],
  ])('may not be allowed more than on API Gateway: %s', async (option, value) => {
    const start = strict()
      .gateway({ [option]: value })
      .start();
    await expect(start).rejects.toMatchObject({ code: 'WEBSOCKET_INVALID_OPTIONS', option: `gateway.${option}` });
  });
});

type Conversation = Awaited<ReturnType<typeof strictOnClock>> & {
  readonly client: Awaited<ReturnType<Awaited<ReturnType<typeof strictOnClock>>['app']['connect']>>;
};

describe('a client in generous mode', () => {
  it('may send large frames, bytes and nothing, for as long as it likes', async () => {
    const clock = new ManualClock();
    const messages = recorder<'websocket.message'>();
    const app = await gatewayApp().with({ clock }).on('websocket.message', messages.push).start();
    const client = await app.connect();
    client.send('x'.repeat(200 * KB));
    expect((await messages.next()).eventData.body).toHaveLength(200 * KB);
    client.send(new Uint8Array([1, 2, 3]));
    expect((await messages.next()).eventData).toMatchObject({ body: 'AQID', isBase64Encoded: true });
    await clock.advance(24 * 3_600_000);
    client.send('still here');
    expect((await messages.next()).eventData.body).toBe('still here');
    await client.close();
  });

  it('is closed with 1001 where the options say so', async () => {
    const clock = new ManualClock();
    const options = { idleTimeoutSeconds: 20_000, maxConnectionSeconds: 30_000 };
    const app = await gatewayApp().gateway(options).with({ clock }).start();
    const [quiet, busy] = [await app.connectWithId(), await app.connectWithId()];
    await clock.advance(15_000_000);
    await app.manager.sendToConnection(busy.connectionId, 'hello');
    await clock.advance(5_000_000);
    expect(await quiet.client.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(busy.client.socket.readyState).toBe(busy.client.socket.OPEN);
    await clock.advance(10_000_000);
    expect(await busy.client.closed).toEqual({ code: 1001, reason: 'Going away' });
  });

  it('has its limits in one of two modes', async () => {
    const limits = 'aws' as 'generous';
    await expect(gatewayApp().gateway({ limits }).start()).rejects.toMatchObject({ option: 'gateway.limits' });
  });
});

describe('a client that does not answer a close', () => {
  it('is dropped ten seconds later', async () => {
    const { app, clock, disconnected } = await strictOnClock();
    const deaf = await RawConnection.upgraded(app.port);
    await clock.advance(600_000);
    await deaf.until('Going away');
    await clock.advance(9_999);
    expect(disconnected.all).toEqual([]);
    await clock.advance(1);
    await deaf.closed;
    expect(await disconnected.next()).toMatchObject({ code: 1001, reason: 'Going away' });
  });
});
