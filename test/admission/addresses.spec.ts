import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect } from '../support/events.js';

afterEach(async () => {
  await closeGatewayApps();
  await stopApplications();
});

/** A handshake as it comes from the last of the proxies, after a client that wrote the first part itself. */
const behind = (forwardedFor: string) => ({ headers: { 'X-Forwarded-For': forwardedFor } });

describe('the address of a client behind proxies', () => {
  it('is what the first of the trusted proxies saw, on the connection and for the list of addresses', async () => {
    const connected = recorder<'websocket.connected'>();
    const app = await gatewayApp()
      .gateway({ trustedProxies: 2 })
      .with({ admission: { allowedIps: ['203.0.113.0/24'] } })
      .on('websocket.connected', connected.push)
      .start();
    const refusedTo = (forwardedFor: string) => GatewayClient.start(app.url, behind(forwardedFor)).refused();
    expect(await refusedTo('203.0.113.9, 203.0.113.9, 198.51.100.7, 10.0.0.2')).toBe(403);
    expect(await refusedTo('203.0.113.9')).toBe(403);
    expect(await GatewayClient.start(app.url).refused()).toBe(403);
    const client = await app.connect(behind('198.51.100.7, 198.51.100.7, 203.0.113.9, 10.0.0.2'));
    const { requestContext } = (await connected.next()).eventData;
    expect(requestContext.identity?.sourceIp).toBe('203.0.113.9');
    await client.close();
  });

  it('is what the proxy put behind two thousand headers of the client', async () => {
    const connected = recorder<'websocket.connected'>();
    const app = await gatewayApp()
      .gateway({ trustedProxies: 1, maxHeaderBytes: 65_536 })
      .on('websocket.connected', connected.push)
      .start();
    const own = Object.fromEntries(Array.from({ length: 2_100 }, (_, index) => [`a${index}`, '1']));
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({ headers: { ...own, 'X-Forwarded-For': '203.0.113.9' } }));
    expect(await raw.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 101 /);
    const { requestContext } = (await connected.next()).eventData;
    expect(requestContext.identity?.sourceIp).toBe('203.0.113.9');
    raw.socket.destroy();
  });

  it('is never what a client says of itself, where no proxy is trusted', async () => {
    const app = await gatewayApp()
      .with({ admission: { maxConnectionsPerIp: 1, allowedIps: ['127.0.0.1'] } })
      .start();
    const client = await app.connect(behind('203.0.113.9'));
    expect(await GatewayClient.start(app.url, behind('203.0.113.10')).refused()).toBe(429);
    await client.close();
  });

  it('counts apart from others behind the same proxy, an IPv6 customer as one', async () => {
    const app = await gatewayApp()
      .gateway({ trustedProxies: 1 })
      .with({ admission: { maxConnectionsPerIp: 1 } })
      .start();
    const clients = [
      await app.connect(behind('203.0.113.9')),
      await app.connect(behind('203.0.113.10')),
      await app.connect(behind('2001:db8:0:1::a')),
      await app.connect(behind('2001:db8:0:2::a')),
    ];
    for (const address of ['203.0.113.9', '::ffff:203.0.113.9', '2001:db8:0:1:ffff::b', '[2001:db8:0:2::c]:4711'])
      expect(await GatewayClient.start(app.url, behind(address)).refused()).toBe(429);
    await Promise.all(clients.map((client) => client.close()));
  });
});

describe('events that are not what they should be', () => {
  const hostile: object[] = [
    { headers: null, multiValueHeaders: null, queryStringParameters: null },
    { headers: 'Origin: https://example.com', multiValueHeaders: 7 },
    { headers: { Origin: { toString: () => 'https://example.com' } }, multiValueHeaders: { Origin: [null, {}] } },
    { headers: { __proto__: null, Origin: ['https://example.com', 'https://example.com'] } },
    { queryStringParameters: [['a', 'b']], multiValueQueryStringParameters: { a: 'not a list' } },
  ];

  it.each(hostile)('are let in or refused, and never fail: %j', async (fields) => {
    const { manager } = await startApplication({
      options: {
        subprotocols: ['chat'],
        admission: { origins: ['https://example.com'], allowMissingOrigin: false, maxConnectionsPerIp: 1 },
      },
    });
    for (const identity of [null, 'x', { sourceIp: {} }, { sourceIp: 'nowhere' }]) {
      const event = connect();
      const requestContext = { ...event.requestContext, identity };
      expect((await manager.handle({ ...event, ...fields, requestContext })).statusCode).toBe(403);
    }
  });
});

describe('a subprotocol', () => {
  it.each([
    { offers: { 'Sec-WebSocket-Protocol': 'bearer.s3cret, v1, v2' }, chosen: 'v2' },
    { offers: { 'sec-websocket-protocol': 'v1' }, chosen: 'v1' },
    { offers: { 'Sec-WebSocket-Protocol': 'bearer.s3cret, V1' }, chosen: undefined },
    { offers: {}, chosen: undefined },
  ])('is chosen for API Gateway from what the client offers: $chosen', async ({ offers, chosen }) => {
    const { manager } = await startApplication({ options: { subprotocols: ['v2', 'v1'] } });
    const { statusCode, headers } = await manager.handle({ ...connect(), headers: offers });
    expect([statusCode, headers]).toEqual([
      200,
      chosen === undefined ? undefined : { 'Sec-WebSocket-Protocol': chosen },
    ]);
  });
});
