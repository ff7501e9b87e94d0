import { EventEmitterModule } from '@nestjs/event-emitter';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, recorder, type GatewayApp } from '../support/gateway-app.js';
import { RawConnection } from '../support/gateway-client.js';
import { Gate, Inbox } from '../support/gateway-inbox.js';

afterEach(closeGatewayApps);

/** A client's round trip on a connection of its own: the gateway serves others meanwhile. */
async function healthyRoundTrip(app: GatewayApp): Promise<void> {
  const client = await app.connect();
  client.send({ action: 'ping' });
  expect(await client.nextJson()).toBe('pong');
  await client.close();
}

describe('a message takes the route that its body selects', () => {
  const routes = ['chat', 'users/list', '7', 'true', '[a, 1]', '{"deep":1}', '$default'];
  const cases: [expression: string, frame: unknown, routeKey: string][] = [
    ['$request.body.action', { action: 'chat' }, 'chat'],
    ['$request.body.action', { action: 7 }, '7'],
    ['$request.body.action', { action: true }, 'true'],
    ['$request.body.action', { action: ['a', 1] }, '[a, 1]'],
    ['$request.body.action', { action: { deep: 1 } }, '{"deep":1}'],
    ['$request.body.action', { action: 'Chat' }, '$default'],
    ['$request.body.action', { action: 'unknown' }, '$default'],
    ['$request.body.action', { action: null }, '$default'],
    ['$request.body.action', {}, '$default'],
    ['$request.body.action', 'not JSON', '$default'],
    ['$request.body.action', '', '$default'],
    ['$request.body.action', ['chat'], '$default'],
    ['$request.body.action', '"chat"', '$default'],
    ['$request.body.action', { action: '$connect' }, '$default'],
    ['$request.body.action', { action: '$disconnect' }, '$default'],
    ['$request.body.action', { action: '$default' }, '$default'],
    ['$request.body.action', { action: 'connected' }, '$default'],
    ['$request.body.constructor', {}, '$default'],
    ['$request.body.a.b', { a: { b: 'chat' } }, 'chat'],
    ['$request.body.a.b', { a: 'chat' }, '$default'],
    ['${request.body.service}/${request.body.action}', { service: 'users', action: 'list' }, 'users/list'],
    ['${request.body.service}/${request.body.action}', { action: 'list' }, '$default'],
    ['ch${request.body.missing}at', {}, 'chat'],
    ['\\$default', { action: 'chat' }, '$default'],
    ['chat', { action: 'unknown' }, 'chat'],
    ['chat', 'not JSON', '$default'],
  ];
  it.each(cases)('%s of %j: %s', async (routeSelectionExpression, frame, routeKey) => {
    const taken = new Inbox<string>();
    const builder = gatewayApp().gateway({ routeSelectionExpression });
    for (const route of routes) {
      const event = route === '$default' ? 'websocket.message' : (`websocket.${route}` as const);
      builder.on(event, ({ eventData }) => taken.push(eventData.requestContext.routeKey));
    }
    const app = await builder.start();
    const client = await app.connect();
    client.send(frame);
    expect(await taken.next()).toBe(routeKey);
    await client.close();
  });

  it('among those in the option "routes" alone, when it is given', async () => {
    const messages = recorder<'websocket.message'>();
    const app = await gatewayApp()
      .gateway({ routes: ['$default'] })
      .on('websocket.chat', () => 'not reached')
      .on('websocket.message', messages.push)
      .start();
    const client = await app.connect();
    client.send({ action: 'chat' });
    expect((await messages.next()).message).toEqual({ action: 'chat' });
    await client.close();
  });

  it('also with listeners on a wildcard emitter, where a pattern hears routes and makes none', async () => {
    const heard = new Inbox<string>();
    const app = await gatewayApp()
      .importing(EventEmitterModule.forRoot({ wildcard: true }))
      .gateway({ routeResponses: ['ask'] })
      .on('websocket.ask', () => 'answer')
      .on('websocket.*', (event) => heard.push(event.eventData.requestContext.routeKey))
      .start();
    const client = await app.connect();
    expect(await heard.next()).toBe('$connect');
    client.send({ action: 'ask' });
    expect(await client.nextJson()).toBe('answer');
    client.send({ action: 'unknown' });
    expect([await heard.next(), await heard.next()]).toEqual(['ask', '$default']);
    await client.close();
  });

  it('even when the selected value nests too deep to be written as text', async () => {
    const app = await gatewayApp()
      .on('websocket.message', () => undefined)
      .start();
    const client = await app.connect();
    client.send(`{"action":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    expect(await client.nextJson()).toMatchObject({ message: 'Internal server error' });
    await client.close();
  });
});

describe('a frame is answered', () => {
  it('with API Gateway\'s "Forbidden", byte for byte, when no route takes it', async () => {
    const app = await gatewayApp()
      .on('websocket.chat', () => undefined)
      .start();
    const { client, connectionId } = await app.connectWithId();
    client.send({ action: 'unknown' });
    client.send('not JSON');
    for (const frame of [await client.next(), await client.next()]) {
      const requestId = (JSON.parse(frame) as { requestId: string }).requestId;
      expect(requestId).toMatch(/^[A-Za-z0-9+/]{15}=$/);
      expect(frame).toBe(`{"message": "Forbidden", "connectionId":"${connectionId}", "requestId":"${requestId}"}`);
    }
    await client.close();
  });

  it('with API Gateway\'s "Internal server error", byte for byte, when a listener throws', async () => {
    const requestIds: unknown[] = [];
    const app = await gatewayApp()
      .on('websocket.message', ({ eventData }) => {
        requestIds.push(eventData.requestContext.requestId);
        throw new Error('A secret reason');
      })
      .start();
    const { client, connectionId } = await app.connectWithId();
    client.send('first');
    const frame = await client.next();
    expect(frame).toBe(
      `{"message": "Internal server error", "connectionId":"${connectionId}", "requestId":"${String(requestIds[0])}"}`,
    );
    client.send('second');
    await client.next();
    expect(requestIds).toHaveLength(2);
    await client.close();
  });

  it('with what the listener returns, on a route that has a route response', async () => {
    const app = await gatewayApp()
      .gateway({ routeResponses: ['ask', '$default'] })
      .on('websocket.ask', ({ message }) => ({ asked: message }))
      .on('websocket.message', () => undefined)
      .start();
    const client = await app.connect();
    client.send({ action: 'ask' });
    expect(await client.nextJson()).toEqual({ asked: { action: 'ask' } });
    client.send('anything');
    expect(await client.nextJson()).toEqual({ message: 'Message received' });
    await client.close();
  });

  it('with nothing on a route that has none, whatever the listener returns', async () => {
    const app = await gatewayApp()
      .gateway({ routeResponses: ['ask'] })
      .on('websocket.tell', () => 'nobody hears this')
      .on('websocket.ask', () => 'answer')
      .start();
    const client = await app.connect();
    client.send({ action: 'tell' });
    client.send({ action: 'ask' });
    await client.messages.until(1);
    client.send({ action: 'ask' });
    expect(await client.messages.until(2)).toEqual(['"answer"', '"answer"']);
    await client.close();
  });
});

describe('a frame from a client', () => {
  it('reaches listeners as base64 when it is binary', async () => {
    const messages = recorder<'websocket.message'>();
    const app = await gatewayApp().on('websocket.message', messages.push).start();
    const client = await app.connect();
    client.send(Buffer.from([0, 255, 254]));
    const raw = await messages.next();
    expect(raw).toMatchObject({ message: null, eventData: { body: 'AP/+', isBase64Encoded: true } });
    client.send(Buffer.from('{"text":"é"}'));
    const json = await messages.next();
    expect(json.message).toEqual({ text: 'é' });
    expect(json.eventData.requestContext.routeKey).toBe('$default');
    await client.close();
  });

  it('closes the connection with 1009 when it is larger than the limit', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const messages = recorder<'websocket.message'>();
    const app = await gatewayApp()
      .gateway({ maxMessageBytes: 1_000 })
      .on('websocket.message', messages.push)
      .on('websocket.disconnected', disconnected.push)
      .start();
    const client = await app.connect();
    client.send('x'.repeat(1_000));
    await messages.next();
    client.send('x'.repeat(1_001));
    expect(await client.closed).toMatchObject({ code: 1009 });
    expect(await disconnected.next()).toMatchObject({ cause: 'client', code: 1009 });
    expect(messages.all).toHaveLength(1);
  });

  const violations: [description: string, frame: number[], code: number][] = [
    ['is not masked', [0x81, 0x01, 0x61], 1002],
    ['has a reserved bit', [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ['has an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['is text but not UTF-8', [0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
    ['claims to be longer than any', [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1009],
  ];
  it.each(violations)('closes the connection when it %s', async (_, frame, code) => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp().on('websocket.disconnected', disconnected.push).start();
    const raw = await RawConnection.upgraded(app.port);
    raw.socket.write(Buffer.from(frame));
    expect(await disconnected.next()).toMatchObject({ cause: 'client', code });
    expect(raw.text.slice(-4)).toBe(String.fromCharCode(0x88, 0x02, code >> 8, code & 0xff));
    raw.socket.destroy();
  });
});

describe('the end of a connection', () => {
  const ends: [
    description: string,
    close: [code?: number, reason?: string],
    code: number,
    reason: string | undefined,
  ][] = [
    ['without a code', [], 1005, 'Client-side close frame status not set'],
    ['normally', [1000], 1000, undefined],
    ['as a browser leaves a page', [1001], 1001, undefined],
    ['for a reason of its own', [3001, 'bye'], 3001, 'bye'],
  ];
  it.each(ends)('is reported with its code and reason: the client closes %s', async (_, close, code, reason) => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp().on('websocket.disconnected', disconnected.push).start();
    const { client, connectionId } = await app.connectWithId();
    client.socket.close(...close);
    const event = await disconnected.next();
    expect(event).toMatchObject({ connectionId, cause: 'client', code });
    expect(event.reason).toBe(reason);
    expect(await app.manager.connectionExists(connectionId)).toBe(false);
  });

  it('is reported with 1006 when the network fails', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp().on('websocket.disconnected', disconnected.push).start();
    const client = await app.connect();
    client.socket.terminate();
    expect(await disconnected.next()).toMatchObject({ cause: 'client', code: 1006 });
  });

  it('is reported once when the application asked for it, with its code on both sides', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp().on('websocket.disconnected', disconnected.push).start();
    const { client, connectionId } = await app.connectWithId();
    expect(await app.manager.disconnect(connectionId, { code: 4001, reason: 'kicked' })).toBe(true);
    expect(await client.closed).toEqual({ code: 4001, reason: 'kicked' });
    expect(await app.manager.disconnect(connectionId)).toBe(false);
    await app.app.close();
    expect(disconnected.all).toEqual([expect.objectContaining({ cause: 'server', code: 4001, reason: 'kicked' })]);
  });
});

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
