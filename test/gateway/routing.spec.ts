import { EventEmitterModule } from '@nestjs/event-emitter';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { Inbox } from '../support/gateway-inbox.js';

afterEach(closeGatewayApps);

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
