import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, heldRecorder, recorder, type GatewayApp } from '../support/gateway-app.js';
import { fetchPlain, GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { managementApiClient, postTo, testCredentials } from '../support/management-api-client.js';

afterEach(closeGatewayApps);

/** Goes to the gateway and back, so that what it had to do before is done. */
async function roundTrip(app: GatewayApp): Promise<void> {
  expect((await fetchPlain(app.endpoint)).status).toBe(426);
}

describe('the opening handshake', () => {
  it('is answered only after the application has answered $connect', async () => {
    const connected = heldRecorder<'websocket.connected'>();
    const app = await gatewayApp().on('websocket.connected', connected.hold).start();
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({}));
    const { connectionId } = await connected.next();
    await roundTrip(app);
    expect(raw.text).toBe('');
    expect(await app.manager.connectionExists(connectionId)).toBe(true);
    connected.open();
    expect(await raw.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 101 /);
    raw.socket.destroy();
  });

  it('is refused with 500, and leaves no trace, when a listener throws', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .on('websocket.connected', async ({ connectionId }) => {
        await app.manager.joinChannel(connectionId, 'news');
        throw new Error('Not today');
      })
      .on('websocket.disconnected', disconnected.push)
      .start();
    expect(await GatewayClient.start(app.url).refused()).toBe(500);
    expect(await app.manager.getStats()).toMatchObject({ totalConnections: 0, totalChannels: 0 });
    expect(disconnected.all).toEqual([]);
  });

  it('keeps the connection closed to senders in this process until it is done', async () => {
    const results: boolean[] = [];
    const app = await gatewayApp()
      .on('websocket.connected', async ({ connectionId }) => {
        results.push(await app.manager.sendToConnection(connectionId, 'too early'));
      })
      .start();
    const { client, connectionId } = await app.connectWithId();
    expect(results).toEqual([false]);
    expect(app.logged.filter((line) => line.includes('welcome messages'))).toHaveLength(1);
    expect(await app.manager.sendToConnection(connectionId, 'now')).toBe(true);
    expect(await client.nextJson()).toBe('now');
  });

  it('keeps the connection gone to @connections until it is done', async () => {
    const names: string[] = [];
    const app = await gatewayApp()
      .gateway({ credentials: testCredentials })
      .on('websocket.connected', async ({ connectionId }) => {
        const error = await postTo(sdk(), connectionId, 'too early').catch((thrown: unknown) => thrown as Error);
        names.push((error as Error).name);
      })
      .start();
    const sdk = () => managementApiClient(app.endpoint);
    const { client, connectionId } = await app.connectWithId();
    expect(names).toEqual(['GoneException']);
    expect(await app.manager.connectionExists(connectionId)).toBe(true);
    await postTo(sdk(), connectionId, 'now');
    expect(await client.next()).toBe('now');
  });

  const departures = [
    ['hangs up', (raw: RawConnection) => raw.socket.end()],
    ['vanishes', (raw: RawConnection) => raw.socket.destroy()],
    ['resets', (raw: RawConnection) => raw.socket.resetAndDestroy()],
  ] as const;
  it.each(departures)('leaves no trace of a client that %s while it waits', async (_, leave) => {
    const connected = heldRecorder<'websocket.connected'>();
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .on('websocket.connected', connected.hold)
      .on('websocket.disconnected', disconnected.push)
      .start();
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({}));
    const { connectionId } = await connected.next();
    leave(raw);
    await roundTrip(app);
    connected.open();
    expect(await disconnected.next()).toMatchObject({ connectionId, code: 1006 });
    expect(await app.manager.getAllConnections()).toEqual([]);
    await roundTrip(app);
  });

  it('gives every connection an id of its own', async () => {
    const app = await gatewayApp().start();
    const clients = await Promise.all(Array.from({ length: 50 }, () => app.connect()));
    expect(new Set(await app.manager.getAllConnections()).size).toBe(50);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('chooses none of the subprotocols that a client offers, as API Gateway does not', async () => {
    const app = await gatewayApp().start();
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({ headers: { 'Sec-WebSocket-Protocol': 'chat, superchat' } }));
    const answer = await raw.until('\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer.toLowerCase()).not.toContain('sec-websocket-protocol');
    raw.socket.destroy();
  });
});

describe('a handshake is answered by its request line and headers', () => {
  const cases: [description: string, request: Parameters<typeof upgradeRequest>[0], status: number][] = [
    ['as it should be', {}, 101],
    ['a query', { path: '/ws?token=example' }, 101],
    ['a trailing slash', { path: '/ws/' }, 101],
    ['an Upgrade header in other letters', { headers: { Upgrade: 'WebSocket' } }, 101],
    ['more than one Connection option', { headers: { Connection: 'keep-alive, Upgrade' } }, 101],
    ['the version before RFC 6455', { headers: { 'Sec-WebSocket-Version': '8' } }, 101],
    ['another method', { method: 'POST' }, 405],
    ['no Upgrade header', { headers: { Upgrade: null, Connection: null } }, 426],
    ['an upgrade to something else', { headers: { Upgrade: 'h2c' } }, 400],
    ['no key', { headers: { 'Sec-WebSocket-Key': null } }, 400],
    ['a short key', { headers: { 'Sec-WebSocket-Key': 'c2hvcnQ=' } }, 400],
    ['a key that is not base64', { headers: { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' } }, 400],
    ['no version', { headers: { 'Sec-WebSocket-Version': null } }, 400],
    ['an unknown version', { headers: { 'Sec-WebSocket-Version': '12' } }, 400],
    ['an empty subprotocol', { headers: { 'Sec-WebSocket-Protocol': 'chat,,news' } }, 400],
    ['a subprotocol named twice', { headers: { 'Sec-WebSocket-Protocol': 'chat, chat' } }, 400],
    ['another path', { path: '/other' }, 404],
    ['a path that only begins like ours', { path: '/wsx' }, 404],
    ['a path below ours', { path: '/ws/room' }, 404],
  ];
  it.each(cases)('%s', async (_, request, status) => {
    const connected = recorder<'websocket.connected'>();
    const app = await gatewayApp().on('websocket.connected', connected.push).start();
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest(request));
    const answer = await raw.until('\r\n\r\n');
    expect(Number(answer.split(' ')[1])).toBe(status);
    expect(connected.all).toHaveLength(status === 101 ? 1 : 0);
    raw.socket.destroy();
  });

  it('names the versions that it takes when it refuses one', async () => {
    const app = await gatewayApp().start();
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({ headers: { 'Sec-WebSocket-Version': '12' } }));
    expect(await raw.until('\r\n\r\n')).toContain('Sec-WebSocket-Version: 13, 8');
    await raw.closed;
  });
});
