import { Injectable, Module } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketModule, type MessageEvent, type WebSocketModuleOptions } from '../../src/index.js';
import { createLambdaHandler } from '../../src/lambda/index.js';
import { ApiGatewayStandIn, websocketEvent } from '../../src/testing/index.js';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { fetchPlain, GatewayClient } from '../support/gateway-client.js';

let aws: ApiGatewayStandIn;

beforeEach(async () => {
  aws = await ApiGatewayStandIn.start();
});

afterEach(async () => {
  await stopApplications();
  await aws.stop();
});

/** An application whose connections `a` and `b` are on the stand-in. */
async function start(options: WebSocketModuleOptions = {}): Promise<RunningApplication> {
  const { endpoint: apiGatewayEndpoint, credentials } = aws;
  const application = await startApplication({ options: { apiGatewayEndpoint, credentials, ...options } });
  // Older than the grace in which a 410 does not count.
  const connectedAt = Date.now() - 60_000;
  for (const connectionId of ['a', 'b']) {
    await application.manager.handle(websocketEvent.connect({ connectionId, connectedAt }));
  }
  return application;
}

describe('ApiGatewayStandIn', () => {
  it.each(['lean', 'sdk'] as const)('takes what is posted, asked and deleted by the sender %s', async (sender) => {
    const { manager } = await start({ sender, staleAfterSeconds: 1 });
    expect(await manager.sendToConnection('a', { n: 1 })).toBe(true);
    expect(await manager.sendToConnection('a', new TextEncoder().encode('text'))).toBe(true);
    expect(aws.messagesOf('a')).toEqual([{ n: 1 }, 'text']);
    expect(aws.messagesOf('b')).toEqual([]);
    expect(await manager.cleanup({ askGateway: true })).toBe(0);
    expect(await manager.disconnect('a')).toBe(true);
    // A sweep asks about all at once.
    const requests = aws.requests.map(({ method, connectionId }) => `${method} ${connectionId}`);
    expect(requests.sort()).toEqual(['DELETE a', 'GET a', 'GET b', 'POST a', 'POST a']);
  });

  it('answers 410 for a connection that it was told to forget, and for one that was deleted', async () => {
    const { manager } = await start();
    aws.forget('a');
    const { outcomes } = await manager.except().send(1, { outcomes: true });
    expect(outcomes).toEqual({ a: expect.objectContaining({ status: 'gone' }), b: { status: 'delivered' } });
    expect(await manager.getAllConnections()).toEqual(['b']);
    const url = `${aws.endpoint}/@connections/b`;
    expect((await fetchPlain(url, { method: 'DELETE' })).status).toBe(204);
    expect(await fetchPlain(url)).toMatchObject({ status: 410, headers: { 'x-amzn-errortype': 'GoneException' } });
  });

  it('fails as often as it is told, and goes on as usual', async () => {
    const { manager } = await start();
    aws.answerNext(429, { status: 500, errorType: 'Strange' }, 'dropped');
    expect(await manager.sendToConnection('a', 'again')).toBe(true);
    expect(aws.requests).toHaveLength(4);
    expect(aws.messagesOf('a')).toEqual(['again']);
  });

  it('lets a function decide by the request', async () => {
    const { manager } = await start();
    aws.answerWith(({ connectionId, body }) => (connectionId === 'a' && body.includes('no') ? 403 : undefined));
    const { outcomes } = await manager.except().send('no', { outcomes: true });
    expect(outcomes).toEqual({ a: expect.objectContaining({ status: 'forbidden' }), b: { status: 'delivered' } });
    expect(await manager.sendToConnection('a', 'yes')).toBe(true);
    expect(aws.messagesOf('a')).toEqual(['yes']);
  });

  it.each<[string, () => never, string]>([
    ['throws', () => JSON.parse('') as never, 'JSON'],
    ['is asynchronous', (async () => 200) as unknown as () => never, 'returned a promise'],
  ])('tells of a function that %s when it stops', async (_, decide, message) => {
    aws.answerWith(decide);
    await expect(fetchPlain(`${aws.endpoint}/@connections/a`)).rejects.toThrow();
    await expect(aws.stop()).rejects.toThrow(message);
    await aws.stop();
  });

  it('answers late, or never', async () => {
    const { manager } = await start({ requestTimeoutMs: 300, deliveryTimeoutMs: 400 });
    aws.answerNext({ delayMs: 30 });
    const startedAt = performance.now();
    expect(await manager.sendToConnection('a', 1)).toBe(true);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
    aws.answerWith(() => 'never');
    expect(await manager.sendToConnection('a', 2)).toBe(false);
    expect(aws.messagesOf('a')).toEqual([1]);
  });

  it('stops while answers are outstanding', async () => {
    aws.answerNext('never', { delayMs: 60_000 });
    const asking = [1, 2].map(() => fetchPlain(`${aws.endpoint}/@connections/a`).catch(() => 'reset'));
    while (aws.requests.length < 2) await fetchPlain(`${aws.endpoint}/elsewhere`);
    await aws.stop();
    expect(await Promise.all(asking)).toEqual(['reset', 'reset']);
    aws = await ApiGatewayStandIn.start();
  });

  it('refuses what is too large, and what is not its own', async () => {
    const url = `${aws.endpoint}/@connections/a`;
    expect((await fetchPlain(url, { method: 'POST', body: 'x'.repeat(131_073) })).status).toBe(413);
    expect((await fetchPlain(url, { method: 'PUT' })).status).toBe(405);
    expect((await fetchPlain(`${aws.endpoint}/elsewhere`)).status).toBe(403);
    expect(aws.messagesOf('a')).toEqual([]);
  });

  it('takes no WebSocket clients without a handler', async () => {
    const client = GatewayClient.start(aws.url);
    expect(await client.closed).toMatchObject({ code: 1006 });
  });
});

@Injectable()
class ChatListener {
  @OnEvent('websocket.join')
  async join({ connectionId, message }: MessageEvent<{ room: string }>): Promise<string> {
    await WebSocket.joinChannel(connectionId, message.room);
    await WebSocket.sendToChannel(message.room, { joined: message.room });
    return 'answered';
  }

  @OnEvent('websocket.leave')
  async leave({ connectionId }: MessageEvent): Promise<void> {
    await WebSocket.disconnect(connectionId);
  }
}

describe('ApiGatewayStandIn with a handler', () => {
  const stops: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** A Lambda function behind the stand-in. */
  async function deploy(): Promise<void> {
    const { endpoint: apiGatewayEndpoint, credentials } = aws;

    @Module({
      imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot({ apiGatewayEndpoint, credentials })],
      providers: [ChatListener],
    })
    class AppModule {}

    const handler = createLambdaHandler(AppModule, {
      onStart: (application) => void stops.push(() => application.close()),
    });
    await aws.invoke(handler, { routes: ['join', 'leave'] });
  }

  it('lets clients talk to a Lambda function', async () => {
    await deploy();
    const client = await GatewayClient.open(aws.url);
    client.send({ action: 'join', room: 'lobby' });
    expect(await client.nextJson()).toEqual({ joined: 'lobby' });
    const [connectionId = ''] = await WebSocket.getAllConnections();
    expect(aws.messagesOf(connectionId)).toEqual([{ joined: 'lobby' }]);
    client.send({ action: 'leave' });
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(client.messages.all).toHaveLength(1);
    expect(await WebSocket.getAllConnections()).toEqual([]);
  });

  it('knows of a connection as long as its socket is open', async () => {
    await deploy();
    const client = await GatewayClient.open(aws.url);
    const [connectionId = ''] = await WebSocket.getAllConnections();
    const ask = async () =>
      (await fetchPlain(`${aws.endpoint}/@connections/${encodeURIComponent(connectionId)}`)).status;
    expect(await ask()).toBe(200);
    await client.close();
    while ((await WebSocket.getAllConnections()).length > 0) await ask();
    expect(await ask()).toBe(410);
  });

  it('makes the events of API Gateway, refuses whom the handler refuses, and tells a client of a failure', async () => {
    const events: string[] = [];
    await aws.invoke(
      async (event) => {
        const { requestContext, headers } = event as ReturnType<typeof websocketEvent.connect>;
        events.push(`${requestContext.routeKey} ${requestContext.stage}`);
        if (requestContext.routeKey === 'fail') throw new Error('The function failed.');
        return { statusCode: headers?.['X-No'] === undefined ? 200 : 401 };
      },
      { routes: ['fail'] },
    );
    const refused = GatewayClient.start(aws.url, { headers: { 'X-No': '1' } });
    expect(await refused.refused()).toBe(401);
    const client = await GatewayClient.open(aws.url);
    client.send({ action: 'other' });
    client.send({ action: 'fail' });
    expect(await client.nextJson()).toMatchObject({ message: 'Internal server error' });
    expect(events).toEqual(['$connect prod', '$connect prod', '$default prod', 'fail prod']);
  });

  it('closes with 1009 at the size of a frame that API Gateway takes', async () => {
    await aws.invoke(async () => ({ statusCode: 200 }));
    const client = await GatewayClient.open(aws.url);
    client.send('x'.repeat(32_769));
    expect(await client.closed).toMatchObject({ code: 1009 });
  });
});
