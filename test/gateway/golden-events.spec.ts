import { afterEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { goldenEvent, goldenEventNames, shapeOf } from '../support/gateway-events.js';

const API_GATEWAY_ID = /^[A-Za-z0-9+/]{15}=$/;

class FixedClock extends Clock {
  constructor(private readonly instant: number) {
    super();
  }

  now(): number {
    return this.instant;
  }

  after(): () => void {
    return () => undefined;
  }
}

afterEach(closeGatewayApps);

describe("API Gateway's own events", () => {
  const answers = {
    CONNECT: '{"message":"Connected"}',
    MESSAGE: '{"message":"Message received"}',
    DISCONNECT: '{"message":"Disconnected"}',
  };

  it.each(goldenEventNames)('are handled: %s', async (name) => {
    const { manager } = await gatewayApp().start();
    const event = goldenEvent(name);
    const { eventType, routeKey } = event.requestContext;
    const body = routeKey === 'chat' ? '{"message":"Custom route handled"}' : answers[eventType];
    expect(await manager.handle(event)).toEqual({ statusCode: 200, body });
  });

  it.each(goldenEventNames.filter((name) => !name.startsWith('disconnect')))(
    'register the connection: %s',
    async (name) => {
      const { manager } = await gatewayApp().start();
      const event = goldenEvent(name);
      await manager.handle(event);
      const { connectionId, connectedAt, routeKey, authorizer } = event.requestContext;
      const hasAuthorizer = typeof authorizer === 'object' && authorizer !== null;
      expect(await manager.getConnection(connectionId)).toMatchObject({
        connectionId,
        connectedAt,
        routeKey,
        userId: hasAuthorizer ? '42' : null,
      });
    },
  );

  it.each([
    ['disconnect', 1005, 'Client-side close frame status not set'],
    ['disconnect-after-delete', 1000, 'Connection Closed Normally'],
    ['disconnect-idle', 1001, 'Going away'],
  ])('end the connection with their code and reason: %s', async (name, code, reason) => {
    const ended = recorder<'websocket.disconnected'>();
    const { manager } = await gatewayApp().on('websocket.disconnected', ended.push).start();
    await manager.handle(goldenEvent('connect'));
    await manager.handle(goldenEvent(name));
    expect(ended.all).toEqual([expect.objectContaining({ cause: 'client', code, reason })]);
    expect(await manager.getAllConnections()).toEqual([]);
  });

  it('lead to the execute-api endpoint of their API and stage, also behind a custom domain', async () => {
    const { manager } = await gatewayApp().with({ awsRegion: 'eu-west-1' }).start();
    await manager.handle(goldenEvent('connect'));
    await manager.handle(goldenEvent('connect-custom-domain'));
    const endpointOf = async (name: string) =>
      (await manager.getConnection(goldenEvent(name).requestContext.connectionId))?.endpoint;
    expect(await endpointOf('connect')).toBe('https://abcd123efg.execute-api.us-east-1.amazonaws.com/prod');
    expect(await endpointOf('connect-custom-domain')).toBe(
      'https://abcd123efg.execute-api.eu-west-1.amazonaws.com/prod',
    );
  });
});

/** Events of a real client's connection, as the application's listeners receive them. */
async function recordedEvents({
  suffix = '',
  headers = {},
}: { suffix?: string; headers?: Record<string, string> } = {}) {
  const connected = recorder<'websocket.connected'>();
  const messages = recorder<'websocket.message'>();
  const chats = recorder<'websocket.chat'>();
  const disconnected = recorder<'websocket.disconnected'>();
  const app = await gatewayApp()
    .gateway({ stage: 'prod', apiId: 'abcd123efg' })
    .on('websocket.connected', connected.push)
    .on('websocket.message', messages.push)
    .on('websocket.chat', chats.push)
    .on('websocket.disconnected', disconnected.push)
    .start();
  const client = await app.connect({ headers }, suffix);
  client.send('{"action": "chat", "message": "Hello from client"}');
  client.send('Hello, no route');
  const { eventData: message } = await chats.next();
  const { eventData: messageDefault } = await messages.next();
  client.socket.close();
  const { eventData: disconnect } = await disconnected.next();
  const { eventData: connect } = await connected.next();
  return { connect, message, messageDefault, disconnect: disconnect! };
}

describe("the embedded gateway's events", () => {
  it("have API Gateway's keys and types, no fewer and no more", async () => {
    const events = await recordedEvents();
    expect(shapeOf(events.connect)).toEqual(shapeOf(goldenEvent('connect')));
    expect(shapeOf(events.message)).toEqual(shapeOf(goldenEvent('message')));
    expect(shapeOf(events.messageDefault)).toEqual(shapeOf(goldenEvent('message-default')));
    expect(shapeOf(events.disconnect)).toEqual(shapeOf(goldenEvent('disconnect')));
  });

  it("have a browser's headers and user agent when a browser sends them", async () => {
    const { Cookie, Origin, 'User-Agent': userAgent } = goldenEvent('connect-with-authorizer').headers!;
    const headers = { Cookie: Cookie!, Origin: Origin!, 'User-Agent': userAgent! };
    const events = await recordedEvents({ headers });
    // No authorizer runs on the embedded gateway.
    const expected = shapeOf(goldenEvent('connect-with-authorizer')).filter((key) => !key.includes('authorizer'));
    expect(shapeOf(events.connect)).toEqual(expected);
    expect(events.connect.headers).toMatchObject(headers);
    for (const event of Object.values(events))
      expect(event.requestContext.identity).toEqual({ userAgent, sourceIp: '127.0.0.1' });
  });

  it('have query parameters on CONNECT only, and only when the URL has them', async () => {
    const { connect, message, disconnect } = await recordedEvents({ suffix: '?token=example&room=blue&room=green' });
    expect(shapeOf(connect)).toEqual([...shapeOf(goldenEvent('connect')), ...queryShape()].sort());
    expect(connect.queryStringParameters).toEqual({ token: 'example', room: 'green' });
    expect(connect.multiValueQueryStringParameters).toEqual({ token: ['example'], room: ['blue', 'green'] });
    expect(shapeOf(message)).toEqual(shapeOf(goldenEvent('message')));
    expect(shapeOf(disconnect)).toEqual(shapeOf(goldenEvent('disconnect')));
  });

  it("carry ids in API Gateway's shape: one for the connection, another for each request", async () => {
    const { connect, message, messageDefault, disconnect } = await recordedEvents();
    const contexts = [connect, message, messageDefault, disconnect].map(({ requestContext }) => requestContext);
    for (const { connectionId, requestId, extendedRequestId } of contexts) {
      expect(connectionId).toBe(contexts[0]!.connectionId);
      expect(connectionId).toMatch(API_GATEWAY_ID);
      expect(requestId).toMatch(API_GATEWAY_ID);
      expect(requestId).toBe(extendedRequestId);
    }
    const messageIds = [message.requestContext.messageId, messageDefault.requestContext.messageId];
    for (const id of messageIds) expect(id).toMatch(API_GATEWAY_ID);
    const ids = [contexts[0]!.connectionId, ...messageIds, ...contexts.map(({ requestId }) => requestId)];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('say what the golden ones say: route keys, direction, stage, API, body', async () => {
    const events = await recordedEvents();
    const pairs = [
      [events.connect, goldenEvent('connect')],
      [events.message, goldenEvent('message')],
      [events.messageDefault, goldenEvent('message-default')],
      [events.disconnect, goldenEvent('disconnect')],
    ] as const;
    for (const [event, golden] of pairs) {
      const { routeKey, eventType, messageDirection, stage, apiId } = golden.requestContext;
      expect(event.requestContext).toMatchObject({ routeKey, eventType, messageDirection, stage, apiId });
      expect('body' in event ? event.body : undefined).toBe(golden.body);
      expect(event.isBase64Encoded).toBe(false);
    }
  });

  it("write the time of a request in API Gateway's format", async () => {
    const golden = goldenEvent('connect').requestContext;
    const connected = recorder<'websocket.connected'>();
    const clock = new FixedClock(golden['requestTimeEpoch'] as number);
    const app = await gatewayApp().with({ clock }).on('websocket.connected', connected.push).start();
    const client = await app.connect();
    const { requestTime, requestTimeEpoch } = (await connected.next()).eventData.requestContext;
    expect({ requestTime, requestTimeEpoch }).toEqual({
      requestTime: golden['requestTime'],
      requestTimeEpoch: golden['requestTimeEpoch'],
    });
    await client.close();
  });

  it("carry DISCONNECT's synthetic headers, whatever the client had sent", async () => {
    const { disconnect } = await recordedEvents({
      headers: { 'X-Api-Key': 'example', 'X-Forwarded-For': '203.0.113.9' },
    });
    const { domainName } = disconnect.requestContext;
    expect(disconnect.headers).toEqual({ Host: domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' });
    expect(disconnect.headers).toEqual({ ...goldenEvent('disconnect').headers, Host: domainName });
  });
});

function queryShape(): string[] {
  return shapeOf(goldenEvent('connect-with-query')).filter((key) => /^(multiValueQ|q)ueryString/i.test(key));
}
