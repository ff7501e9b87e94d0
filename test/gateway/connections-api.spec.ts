import { DeleteConnectionCommand, GetConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, heldRecorder, recorder, type GatewayApp } from '../support/gateway-app.js';
import { fetchPlain, RawConnection, type GatewayClient } from '../support/gateway-client.js';
import { sha256Hex } from '../../src/signing/sigv4.js';
import { managementApiClient, postTo, testCredentials } from '../support/management-api-client.js';
import { ManualClock } from '../support/manual.clock.js';
import { signedHeaders } from '../support/management-api-signature.js';

afterEach(closeGatewayApps);

const secured = () => gatewayApp().gateway({ credentials: testCredentials });

/** An id of API Gateway's shape that nobody has, with every character that needs encoding. */
const STRANGER = 'a+/dEfGhIAMCJkL=';

/** What the SDK client says of a refusal. */
async function refusalOf(call: Promise<unknown>): Promise<{ name: string; status: number | undefined }> {
  const error = (await call.then(
    () => new Error('The call was not refused.'),
    (thrown: unknown) => thrown,
  )) as Error & { $metadata?: { httpStatusCode?: number } };
  return { name: error.name, status: error.$metadata?.httpStatusCode };
}

describe('the SDK client at the embedded gateway', () => {
  it('posts text to a connection', async () => {
    const app = await secured().start();
    const { client, connectionId } = await app.connectWithId();
    const sdk = managementApiClient(app.endpoint);
    await postTo(sdk, connectionId, '{"text":"grüße"}');
    expect(await client.next()).toBe('{"text":"grüße"}');
    await postTo(sdk, connectionId, new TextEncoder().encode('bytes, as text'));
    expect(await client.next()).toBe('bytes, as text');
  });

  it('reaches ids with + and / in them', async () => {
    const app = await secured().start();
    const sdk = managementApiClient(app.endpoint);
    const special: { client: GatewayClient; connectionId: string }[] = [];
    while (special.length === 0) {
      const connected = await app.connectWithId();
      if (/[+/]/.test(connected.connectionId)) special.push(connected);
      else await connected.client.close();
    }
    await postTo(sdk, special[0]!.connectionId, 'found');
    expect(await special[0]!.client.next()).toBe('found');
  });

  it('gets who is connected, since when, and when it was last active', async () => {
    // Near the machine's time, with which the SDK signs.
    const connectedAtMs = Date.now();
    const clock = new ManualClock(connectedAtMs);
    const messages = recorder<'websocket.message'>();
    const app = await gatewayApp()
      .gateway({ credentials: testCredentials })
      .with({ clock })
      .on('websocket.message', messages.push)
      .start();
    const sdk = managementApiClient(app.endpoint);
    const client = await app.connect({ headers: { 'User-Agent': 'example/1.0' } });
    const [ConnectionId] = await app.manager.getAllConnections();
    const get = async () => {
      const { ConnectedAt, Identity, LastActiveAt } = await sdk.send(new GetConnectionCommand({ ConnectionId }));
      return { ConnectedAt, Identity, LastActiveAt };
    };
    const connectedAt = new Date(connectedAtMs);
    const identity = { SourceIp: '127.0.0.1', UserAgent: 'example/1.0' };
    expect(await get()).toEqual({ ConnectedAt: connectedAt, Identity: identity, LastActiveAt: connectedAt });

    await clock.advance(60_000);
    client.send('hello');
    await messages.next();
    expect(await get()).toEqual({
      ConnectedAt: connectedAt,
      Identity: identity,
      LastActiveAt: new Date(connectedAtMs + 60_000),
    });

    await clock.advance(60_000);
    await postTo(sdk, ConnectionId!, 'hello');
    expect((await get()).LastActiveAt).toEqual(new Date(connectedAtMs + 120_000));
    expect((await get()).LastActiveAt).toBeInstanceOf(Date);
  });

  it('deletes a connection: the client sees 1000, the application $disconnect', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await secured().on('websocket.disconnected', disconnected.push).start();
    const { client, connectionId } = await app.connectWithId();
    const sdk = managementApiClient(app.endpoint);
    const { $metadata } = await sdk.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
    expect($metadata.httpStatusCode).toBe(204);
    expect(await client.closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    const event = await disconnected.next();
    expect(event).toMatchObject({ connectionId, cause: 'client', code: 1000, reason: 'Connection Closed Normally' });
    expect(event.eventData?.requestContext.disconnectStatusCode).toBe(1000);
    expect(await refusalOf(sdk.send(new DeleteConnectionCommand({ ConnectionId: connectionId })))).toEqual({
      name: 'GoneException',
      status: 410,
    });
  });

  it('finds a connection gone from the moment it closes, before the application is done with it', async () => {
    const disconnected = heldRecorder<'websocket.disconnected'>();
    const app = await secured().on('websocket.disconnected', disconnected.hold).start();
    const { client, connectionId } = await app.connectWithId();
    await client.close();
    await disconnected.next();
    const gone = { name: 'GoneException', status: 410 };
    const sdk = managementApiClient(app.endpoint);
    expect(await refusalOf(sdk.send(new GetConnectionCommand({ ConnectionId: connectionId })))).toEqual(gone);
    expect(await refusalOf(postTo(sdk, connectionId, 'x'))).toEqual(gone);
    disconnected.open();
  });

  it('recognises every error by its name', async () => {
    const app = await secured().start();
    const sdk = managementApiClient(app.endpoint);
    const { connectionId } = await app.connectWithId();
    const impostor = managementApiClient(app.endpoint, {
      credentials: { ...testCredentials, secretAccessKey: 'wrong' },
    });
    const gone = { name: 'GoneException', status: 410 };
    expect(await refusalOf(postTo(sdk, STRANGER, 'x'))).toEqual(gone);
    expect(await refusalOf(sdk.send(new GetConnectionCommand({ ConnectionId: STRANGER })))).toEqual(gone);
    expect(await refusalOf(postTo(sdk, connectionId, new Uint8Array(131_073)))).toEqual({
      name: 'PayloadTooLargeException',
      status: 413,
    });
    expect(await refusalOf(postTo(impostor, connectionId, 'x'))).toEqual({ name: 'ForbiddenException', status: 403 });
    expect(await refusalOf(postTo(sdk, 'not an id!', 'x'))).toEqual({ name: 'BadRequestException', status: 400 });
    expect(await refusalOf(postTo(sdk, '__proto__', 'x'))).toEqual(gone);
  });

  it('may post exactly 128 KB', async () => {
    const app = await secured().start();
    const { client, connectionId } = await app.connectWithId();
    await postTo(managementApiClient(app.endpoint), connectionId, 'x'.repeat(131_072));
    expect(await client.next()).toHaveLength(131_072);
  });

  it('is told 429 when the client reads too slowly', async () => {
    const app = await secured().gateway({ maxBufferedBytes: 65_536 }).start();
    const raw = await RawConnection.upgraded(app.port);
    raw.socket.pause();
    const [connectionId] = await app.manager.getAllConnections();
    while (await app.manager.sendToConnection(connectionId!, 'x'.repeat(100_000)));
    const refusal = await refusalOf(postTo(managementApiClient(app.endpoint), connectionId!, 'x'));
    expect(refusal).toEqual({ name: 'LimitExceededException', status: 429 });
    raw.socket.destroy();
  });

  it('may use temporary credentials, whose session token is signed', async () => {
    const app = await secured().start();
    const { client, connectionId } = await app.connectWithId();
    const sdk = managementApiClient(app.endpoint, {
      credentials: { ...testCredentials, sessionToken: 'example/token==' },
    });
    await postTo(sdk, connectionId, 'temporary');
    expect(await client.next()).toBe('temporary');
  });
});

describe('a request to @connections', () => {
  const url = (app: GatewayApp, connectionId: string, connections = '@connections') =>
    `${app.endpoint}/${connections}/${encodeURIComponent(connectionId)}`;

  async function post(target: string, changes: Parameters<typeof signedHeaders>[0] = {}, sent = 'hello') {
    const headers = signedHeaders({ url: target, body: 'hello', ...changes });
    const { status, headers: answered, body } = await fetchPlain(target, { method: 'POST', headers, body: sent });
    return { status, error: answered['x-amzn-errortype'], body };
  }

  it('is taken with an encoded @, as old SDKs send it', async () => {
    const app = await secured().start();
    const { client, connectionId } = await app.connectWithId();
    expect(await post(url(app, connectionId, '%40connections'))).toEqual({ status: 200, error: undefined, body: '' });
    expect(await client.next()).toBe('hello');
  });

  it('answers 410 without a body, as API Gateway does', async () => {
    const app = await secured().start();
    expect(await post(url(app, STRANGER))).toEqual({ status: 410, error: 'GoneException', body: '' });
  });

  it('answers 405 to other methods', async () => {
    const app = await secured().start();
    const { connectionId } = await app.connectWithId();
    const target = url(app, connectionId);
    const headers = signedHeaders({ url: target, method: 'PUT', body: '' });
    expect((await fetchPlain(target, { method: 'PUT', headers })).status).toBe(405);
  });

  const forgeries: [description: string, changes: Parameters<typeof signedHeaders>[0], sent?: string][] = [
    ['signed with another secret', { secretAccessKey: 'wrong' }],
    ['signed with an unknown key id', { accessKeyId: 'AKIDUNKNOWN' }],
    ['signed for another service', { service: 's3' }],
    ['signed six minutes ago', { ageMs: 360_000 }],
    ['signed six minutes from now', { ageMs: -360_000 }],
    ['with another body', {}, 'hellO'],
    ['with another body of which the hash is claimed', { headers: { 'x-amz-content-sha256': 'e'.repeat(64) } }],
    ['with an unsigned body', { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
    ['for another path', { signedPath: '/ws/@connections/AbCdEfGhIAMCJkL%3D' }],
    ['for another method', { method: 'DELETE' }],
    ['without a signature', { without: ['authorization'] }],
    ['without a date', { without: ['x-amz-date'] }],
    ['whose date was not signed', { unsigned: ['x-amz-date'] }],
    ['whose host was not signed', { unsigned: ['host'] }],
    ['with a bearer token', { headers: { authorization: 'Bearer example' } }],
  ];
  it.each(forgeries)('is forbidden %s', async (_, changes, sent = 'hello') => {
    const app = await secured().start();
    const { client, connectionId } = await app.connectWithId();
    const { status, error } = await post(url(app, connectionId), changes, sent);
    expect({ status, error }).toEqual({ status: 403, error: 'ForbiddenException' });
    await postTo(managementApiClient(app.endpoint), connectionId, 'genuine');
    expect(await client.next()).toBe('genuine');
  });

  it.each([
    ['to be kept', 200_000],
    ['to be read to its end', 3_000_000],
  ])('with a body too large %s is refused, signed or not, and the gateway goes on', async (_, size) => {
    const app = await secured().start();
    const { client, connectionId } = await app.connectWithId();
    const target = url(app, connectionId);
    const body = 'x'.repeat(size);
    // The AWS CLI sends no hash of the body, the SDK does.
    const claimed = signedHeaders({ url: target, body, headers: { 'x-amz-content-sha256': sha256Hex(body) } });
    const unsigned = { method: 'POST', body };
    expect(await fetchPlain(target, unsigned)).toMatchObject({ status: 403 });
    expect(await fetchPlain(target, { ...unsigned, headers: claimed })).toMatchObject({
      status: 413,
      headers: { 'x-amzn-errortype': 'PayloadTooLargeException' },
    });
    expect((await post(target, { body }, body)).status).toBe(size < 1_000_000 ? 413 : 403);
    expect(await refusalOf(postTo(managementApiClient(app.endpoint), connectionId, body))).toEqual({
      name: 'PayloadTooLargeException',
      status: 413,
    });
    await postTo(managementApiClient(app.endpoint), connectionId, 'still there');
    expect(await client.next()).toBe('still there');
  });

  it('is forbidden when signed for another region than the configured one', async () => {
    const app = await secured().gateway({ region: 'eu-west-1' }).start();
    const { client, connectionId } = await app.connectWithId();
    expect(await post(url(app, connectionId), { region: 'us-east-1' })).toMatchObject({ status: 403 });
    expect(await post(url(app, connectionId), { region: 'eu-west-1' })).toMatchObject({ status: 200 });
    expect(await client.next()).toBe('hello');
  });

  it('is forbidden to everyone when no credentials are configured, and one log line says why', async () => {
    const app = await gatewayApp().start();
    const { connectionId } = await app.connectWithId();
    const sdk = managementApiClient(app.endpoint);
    for (const call of [postTo(sdk, connectionId, 'x'), postTo(sdk, STRANGER, 'x')]) {
      expect(await refusalOf(call)).toEqual({ name: 'ForbiddenException', status: 403 });
    }
    expect((await fetchPlain(url(app, connectionId))).status).toBe(403);
    expect(app.logged).toEqual([expect.stringContaining('"gateway.credentials"')]);
  });

  it('never says whether a connection exists to those it does not know', async () => {
    const app = await secured().start();
    const { connectionId } = await app.connectWithId();
    const strangers = [connectionId, STRANGER, 'not an id!'].map((id) => fetchPlain(url(app, id)));
    const answers = (await Promise.all(strangers)).map(({ status, body }) => ({ status, body }));
    expect(answers).toEqual(
      Array.from({ length: 3 }, () => ({ status: 403, body: '{"message":"Missing Authentication Token"}' })),
    );
  });
});
