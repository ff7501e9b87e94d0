import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { closeGatewayApps, gatewayApp, recorder, type GatewayApp } from '../support/gateway-app.js';
import { RawConnection, upgradeRequest, type GatewayClient } from '../support/gateway-client.js';
import { testCredentials } from '../support/management-api-client.js';

afterEach(closeGatewayApps);

async function start() {
  const disconnected = recorder<'websocket.disconnected'>();
  const connected = recorder<'websocket.connected'>();
  const app = await gatewayApp()
    .gateway({ routeResponses: ['ping'], maxMessageBytes: 10_000, credentials: testCredentials })
    .on('websocket.ping', () => 'pong')
    .on('websocket.message', () => undefined)
    .on('websocket.connected', connected.push)
    .on('websocket.disconnected', disconnected.push)
    .start();
  return { app, healthy: await app.connect(), connected, disconnected };
}

/** A client that does nothing wrong is served. */
async function expectServed(client: GatewayClient): Promise<void> {
  client.send({ action: 'ping' });
  expect(await client.nextJson()).toBe('pong');
}

/** Leaves, and waits for the gateway to have noticed. */
async function expectForgotten({ app, connected, disconnected }: Awaited<ReturnType<typeof start>>): Promise<void> {
  await disconnected.until(connected.all.length - 1);
  expect(await app.manager.getAllConnections()).toHaveLength(1);
}

/** A frame with any header, any claim of its length, and any payload. */
const hostileFrame = fc
  .record({
    first: fc.oneof(fc.nat(255), fc.constantFrom(0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x80, 0x00)),
    isMasked: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    length: fc.oneof(fc.constant(null), fc.nat(127)),
    extended: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 125 }),
      fc.json({ maxDepth: 2 }).map((json) => Buffer.from(json).subarray(0, 125)),
    ),
  })
  .map(({ first, isMasked, length, extended, mask, payload }) => {
    const claimed = length ?? payload.length;
    const more = claimed === 126 ? extended.subarray(0, 2) : claimed === 127 ? extended : [];
    const masked = payload.map((byte, index) => (isMasked ? byte ^ mask[index % 4]! : byte));
    return Buffer.from([first, (isMasked ? 0x80 : 0) | claimed, ...more, ...(isMasked ? mask : []), ...masked]);
  });

const headerName = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'Host',
    'Upgrade',
    'Connection',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Protocol',
  ),
  fc.constantFrom('Sec-WebSocket-Extensions', 'Transfer-Encoding', 'Content-Length', 'Expect', 'X-Forwarded-For', ''),
  fc.string({ maxLength: 10 }),
);

const hostileHandshake = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT', 'get', '', 'G\0T'),
    path: fc.oneof(
      fc.constantFrom('/ws', '/ws', '/ws?', '/ws/@connections/a', '/ws/@connections/%', '*', ''),
      fc.webPath(),
      fc.string(),
    ),
    extra: fc.array(fc.tuple(headerName, fc.string({ maxLength: 40 })), { maxLength: 8 }),
    copies: fc.constantFrom(0, 0, 0, 1_000),
    cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    junk: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ method, path, extra, copies, cut, junk }) => {
    const lines = extra.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const many = Array.from({ length: copies }, (_, index) => `x${index}: 1\r\n`).join('');
    const whole = upgradeRequest({ method, path }).replace('\r\n\r\n', `\r\n${lines}${many}\r\n`);
    return Buffer.concat([Buffer.from(whole.slice(0, Math.ceil(whole.length * cut))), junk]);
  });

describe('the gateway goes on serving', () => {
  it('while others send frames of any kind', async () => {
    const running = await start();
    const { app, healthy } = running;
    await fc.assert(
      fc.asyncProperty(fc.array(hostileFrame, { minLength: 1, maxLength: 8 }), fc.boolean(), async (frames, atOnce) => {
        const raw = await RawConnection.upgraded(app.port);
        if (atOnce) raw.socket.write(Buffer.concat(frames));
        else for (const frame of frames) raw.socket.write(frame);
        await expectServed(healthy);
        raw.socket.destroy();
      }),
      { numRuns: 600 },
    );
    await expectForgotten(running);
  });

  it('while others send handshakes of any kind', async () => {
    const running = await start();
    const { app, healthy } = running;
    await fc.assert(
      fc.asyncProperty(hostileHandshake, async (bytes) => {
        const raw = await RawConnection.open(app.port);
        raw.socket.write(bytes);
        await expectServed(healthy);
        raw.socket.destroy();
      }),
      { numRuns: 1_200 },
    );
    await expectForgotten(running);
  });

  it('while others send @connections anything but a signed request', async () => {
    const { app, healthy } = await start();
    const [connectionId] = await app.manager.getAllConnections();
    const authorization = fc.oneof(
      fc.string(),
      fc.string().map((text) => `AWS4-HMAC-SHA256 ${text}`),
      fc
        .tuple(fc.string(), fc.string(), fc.uint8Array({ minLength: 32, maxLength: 32 }))
        .map(
          ([scope, names, hash]) =>
            `AWS4-HMAC-SHA256 Credential=${scope}/20261121/r/execute-api/aws4_request, SignedHeaders=${names}, Signature=${Buffer.from(hash).toString('hex')}`,
        ),
    );
    await fc.assert(
      fc.asyncProperty(authorization, fc.constantFrom('GET', 'POST', 'DELETE'), async (value, method) => {
        expect(await statusOf(app, connectionId!, method, value)).toMatch(/^HTTP\/1\.1 40[03] /);
        await expectServed(healthy);
      }),
      { numRuns: 300 },
    );
  });
});

async function statusOf(app: GatewayApp, connectionId: string, method: string, authorization: string): Promise<string> {
  const raw = await RawConnection.open(app.port);
  const path = `/ws/@connections/${encodeURIComponent(connectionId)}`;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: h',
    'Connection: close',
    `Authorization: ${authorization}`,
    '',
    '',
  ];
  raw.socket.write(lines.join('\r\n'));
  await raw.closed;
  return raw.text;
}

it('gives a header called __proto__ to the application as a header', async () => {
  const { app, connected } = await start();
  await connected.next();
  const raw = await RawConnection.open(app.port);
  raw.socket.write(upgradeRequest({}).replace('\r\n\r\n', '\r\n__proto__: polluted\r\n\r\n'));
  const { headers } = (await connected.next()).eventData;
  expect(Object.entries(headers!)).toContainEqual(['__proto__', 'polluted']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  raw.socket.destroy();
});

it('refuses a handshake of more headers than Node takes, and one that is too long', async () => {
  const { app, healthy } = await start();
  const many = Array.from({ length: 1_000 }, (_, index) => `x-header-number-${index}: 1\r\n`).join('');
  for (const extra of [many, `x: ${'y'.repeat(100_000)}\r\n`]) {
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({}).replace('\r\n\r\n', `\r\n${extra}\r\n`));
    expect(await raw.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 431 /);
    await expectServed(healthy);
  }
});
