import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PayloadTooLargeError, type WebSocketManager, type WebSocketModuleOptions } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, newConnectionId } from '../support/events.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis, type ManagementAnswer } from '../support/management-api-server.js';
import { EventRecorder } from '../support/recorder.js';

afterEach(stopApplications);
afterEach(stopManagementApis);

/** An application on AWS, with frozen credentials as one reads them from options. */
function start(options: WebSocketModuleOptions = {}) {
  return startApplication({ options: { credentials: testCredentials, ...options }, providers: [EventRecorder] });
}

/** Registers a connection that came in by this endpoint, a minute ago unless told otherwise. */
async function register(manager: WebSocketManager, endpoint: string, fields: Parameters<typeof connect>[0] = {}) {
  const connectionId = fields.connectionId ?? newConnectionId();
  await manager.handle(connect({ ...fields, connectionId }), { endpoint });
  return connectionId;
}

describe('a message to a connection on API Gateway', () => {
  it('is posted to its endpoint, signed for the region', async () => {
    const api = await ManagementApiServer.start();
    const { manager } = await start({ awsRegion: 'eu-central-1' });
    const connectionId = await register(manager, api.endpoint('live'), { connectionId: 'a+b/cEfGhIAMCJk=' });
    expect(await manager.sendToConnection(connectionId, { text: 'grüße' })).toBe(true);
    const request = await api.requests.next();
    expect(request).toMatchObject({ method: 'POST', url: '/live/@connections/a%2Bb%2FcEfGhIAMCJk%3D' });
    expect(request.body.toString()).toBe('{"text":"grüße"}');
    expect(request.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, /,
    );
  });

  const spellings: [description: string, spell: (host: string) => string, path: string][] = [
    ['as it is', (host) => `http://${host}/prod`, '/prod/'],
    ['without a stage, as custom domains are', (host) => `http://${host}`, '/'],
    ['with a trailing slash', (host) => `http://${host}/prod/`, '/prod/'],
    ['with /@connections', (host) => `http://${host}/prod/@connections`, '/prod/'],
    ['with /@connections/', (host) => `http://${host}/prod/@connections/`, '/prod/'],
    ['with %40connections', (host) => `http://${host}/prod/%40connections`, '/prod/'],
    ['as a WebSocket URL', (host) => `ws://${host}/prod`, '/prod/'],
    ['with blanks around it', (host) => ` http://${host}/prod `, '/prod/'],
  ];
  it.each(spellings)('goes to the configured endpoint, written %s', async (_, spell, path) => {
    const api = await ManagementApiServer.start();
    const { manager } = await start({ apiGatewayEndpoint: spell(api.host) });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    expect(await manager.sendToConnection(connectionId, 'x')).toBe(true);
    expect((await api.requests.next()).url).toBe(`${path}@connections/${encodeURIComponent(connectionId)}`);
  });

  it('goes to the endpoint that its connection came in by, when there are several', async () => {
    const [first, second] = [await ManagementApiServer.start(), await ManagementApiServer.start()];
    const { manager } = await start();
    const onFirst = await register(manager, first.endpoint('prod'));
    const onBeta = await register(manager, first.endpoint('beta'));
    const onSecond = await register(manager, second.endpoint('prod'));
    expect(await manager.broadcast('x')).toEqual({ [onFirst]: true, [onBeta]: true, [onSecond]: true });
    const urls = (api: ManagementApiServer) => api.requests.all.map(({ url }) => decodeURIComponent(url)).sort();
    expect(urls(first)).toEqual([`/beta/@connections/${onBeta}`, `/prod/@connections/${onFirst}`]);
    expect(urls(second)).toEqual([`/prod/@connections/${onSecond}`]);
  });

  it('goes over a TCP connection that is kept open, one client for each endpoint', async () => {
    const api = await ManagementApiServer.start();
    const { app, manager } = await start();
    const connectionId = await register(manager, api.endpoint());
    for (let index = 0; index < 5; index++) await manager.sendToConnection(connectionId, index);
    expect(api.requests.all).toHaveLength(5);
    expect(api.sockets).toBe(1);
    await app.close();
    await api.closedSockets.next();
  });

  it('is refused before any request when it is larger than API Gateway takes, counted in bytes', async () => {
    const api = await ManagementApiServer.start();
    const { manager } = await start();
    const connectionId = await register(manager, api.endpoint());
    // Two bytes each, and two for the quotes.
    const fits = 'é'.repeat(65_535);
    expect(await manager.sendToConnection(connectionId, fits)).toBe(true);
    expect((await api.requests.next()).body.byteLength).toBe(131_072);
    await expect(manager.sendToConnection(connectionId, `${fits}!`)).rejects.toThrow(PayloadTooLargeError);
    expect(api.requests.all).toHaveLength(1);
  });
});

describe('a connection that API Gateway calls gone', () => {
  const answers: [description: string, answer: ManagementAnswer][] = [
    ['with the name of the error', { status: 410, error: 'GoneException' }],
    ['with nothing but the status', { status: 410 }],
    ['with a body that is not JSON', { status: 410, body: '<html>Gone</html>' }],
  ];
  it.each(answers)('is forgotten, and ends once: %s', async (_, answer) => {
    const api = await ManagementApiServer.start(() => answer);
    const { manager, get } = await start();
    const connectionId = await register(manager, api.endpoint());
    await manager.joinChannel(connectionId, 'news');
    const results = await Promise.all([manager.broadcast('x'), manager.sendToChannel('news', 'x')]);
    expect(results).toEqual([{ [connectionId]: false }, { [connectionId]: false }]);
    expect(await manager.getStats()).toMatchObject({ totalConnections: 0, totalChannels: 0 });
    expect(get(EventRecorder).disconnected).toEqual([
      expect.objectContaining({ connectionId, cause: 'gone', channels: ['news'] }),
    ]);
    await manager.handle(disconnect(connectionId));
    expect(get(EventRecorder).disconnected).toHaveLength(1);
  });

  it('is kept while it is young: API Gateway says so of a connection that is still opening', async () => {
    const api = await ManagementApiServer.start(() => 410);
    const { manager, get } = await start({ goneGracePeriodMs: 30_000 });
    const connectionId = await register(manager, api.endpoint(), { connectedAt: Date.now() });
    expect(await manager.sendToConnection(connectionId, 'x')).toBe(false);
    expect(await manager.except().send('x')).toMatchObject({ gone: 1, failed: 0 });
    expect(await manager.connectionExists(connectionId)).toBe(true);
    expect(get(EventRecorder).disconnected).toEqual([]);
  });
});

describe('a message that cannot get through', () => {
  it('says once in the log why, and what to do', async () => {
    const logged: string[] = [];
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line: unknown) => void logged.push(String(line)));
    const api = await ManagementApiServer.start(() => 403);
    const { manager } = await start();
    await register(manager, api.endpoint());
    await manager.broadcast('x');
    await manager.broadcast('x');
    expect(logged).toEqual([expect.stringMatching(/fail \(.+\): allow execute-api:ManageConnections/)]);
    jest.restoreAllMocks();
  });

  it('is given up in time even when the credentials never come', async () => {
    const api = await ManagementApiServer.start();
    const { manager } = await start({ credentials: () => new Promise(() => undefined), deliveryTimeoutMs: 50 });
    const connectionId = await register(manager, api.endpoint());
    const { outcomes } = await manager.except().send('x', { outcomes: true });
    expect(outcomes?.[connectionId]).toEqual({ status: 'failed', reason: 'TimeoutError' });
    expect(api.requests.all).toEqual([]);
  });
});

describe('a connection that cannot be reached now', () => {
  const answers: [description: string, answer: ManagementAnswer, status: string][] = [
    ['is forbidden', { status: 403, error: 'ForbiddenException' }, 'forbidden'],
    ['is forbidden without a name', { status: 403 }, 'forbidden'],
    ['is throttled', { status: 429, error: 'LimitExceededException' }, 'throttled'],
    ['gets a payload that is too large', { status: 413, error: 'PayloadTooLargeException' }, 'too-large'],
    ['has a bad id', { status: 400, error: 'BadRequestException' }, 'failed'],
    ['is not found', { status: 404 }, 'failed'],
    ['meets an internal error', { status: 500 }, 'failed'],
    ['meets an overloaded service', { status: 503 }, 'failed'],
  ];
  it.each(answers)('is kept when it %s', async (_, answer, status) => {
    const api = await ManagementApiServer.start(() => answer);
    const { manager, get } = await start();
    const connectionId = await register(manager, api.endpoint());
    const { outcomes, ...counts } = await manager.except().send('x', { outcomes: true });
    expect(outcomes?.[connectionId]?.status).toBe(status);
    expect(counts).toMatchObject({ delivered: 0, gone: 0 });
    expect(await manager.connectionExists(connectionId)).toBe(true);
    expect(get(EventRecorder).disconnected).toEqual([]);
  });

  it('is kept when nobody listens at its endpoint', async () => {
    const api = await ManagementApiServer.start();
    const endpoint = api.endpoint();
    await api.stop();
    const { manager } = await start();
    const connectionId = await register(manager, endpoint);
    expect(await manager.sendToConnection(connectionId, 'x')).toBe(false);
    expect(await manager.connectionExists(connectionId)).toBe(true);
  });

  it('is kept when no answer comes: each of three attempts is given up, and its socket closed', async () => {
    const api = await ManagementApiServer.start(() => null);
    const { manager } = await start({ requestTimeoutMs: 50, deliveryTimeoutMs: 60_000 });
    const connectionId = await register(manager, api.endpoint());
    const startedAt = performance.now();
    expect(await manager.sendToConnection(connectionId, 'x')).toBe(false);
    const elapsedMs = performance.now() - startedAt;
    expect(elapsedMs).toBeGreaterThanOrEqual(147);
    expect(elapsedMs).toBeLessThan(10_000);
    expect(api.requests.all).toHaveLength(3);
    await api.closedSockets.until(3);
    expect(await manager.connectionExists(connectionId)).toBe(true);
  });

  it('is given up after the time for one delivery, however many attempts are left', async () => {
    const api = await ManagementApiServer.start(() => null);
    const { manager } = await start({ requestTimeoutMs: 60_000, deliveryTimeoutMs: 100 });
    const connectionId = await register(manager, api.endpoint());
    const { outcomes } = await manager.except().send('x', { outcomes: true });
    expect(outcomes?.[connectionId]?.status).toBe('failed');
    expect(api.requests.all).toHaveLength(1);
    await api.closedSockets.next();
  });

  it.each([429, 500, 503])('is tried again after %i', async (status) => {
    let attempts = 0;
    const api = await ManagementApiServer.start(() => (++attempts < 3 ? status : 200));
    const { manager } = await start();
    const connectionId = await register(manager, api.endpoint());
    expect(await manager.sendToConnection(connectionId, 'x')).toBe(true);
    expect(attempts).toBe(3);
  });

  it.each([400, 403, 410, 413])('is not tried again after %i', async (status) => {
    const api = await ManagementApiServer.start(() => status);
    const { manager } = await start();
    const connectionId = await register(manager, api.endpoint());
    expect(await manager.sendToConnection(connectionId, 'x')).toBe(false);
    expect(api.requests.all).toHaveLength(1);
  });
});

describe('closing a connection on API Gateway', () => {
  it('deletes it there, and ends it here once', async () => {
    const api = await ManagementApiServer.start(() => 204);
    const { manager, get } = await start();
    const connectionId = await register(manager, api.endpoint());
    expect(await manager.disconnect(connectionId, { code: 4001 })).toBe(true);
    expect(await api.requests.next()).toMatchObject({ method: 'DELETE', connectionId });
    await manager.handle(disconnect(connectionId, 1000, 'Connection Closed Normally'));
    expect(get(EventRecorder).disconnected).toEqual([expect.objectContaining({ cause: 'server', code: 4001 })]);
  });

  it('changes nothing when API Gateway refuses', async () => {
    const api = await ManagementApiServer.start(() => 403);
    const { manager, get } = await start();
    const connectionId = await register(manager, api.endpoint());
    expect(await manager.disconnect(connectionId)).toBe(false);
    expect(await manager.connectionExists(connectionId)).toBe(true);
    expect(get(EventRecorder).disconnected).toEqual([]);
  });
});
