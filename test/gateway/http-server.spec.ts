import { Body, Controller, Get, Post } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { EmbeddedGateway, WebSocketManager } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { fetchPlain, GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { managementApiClient, testCredentials } from '../support/management-api-client.js';

@Controller()
class PagesController {
  @Get()
  page(): string {
    return 'a page';
  }

  @Post('orders')
  order(@Body() body: unknown): unknown {
    return { ordered: body };
  }

  @Get('ws/@nearby')
  nearby(): string {
    return 'a neighbour';
  }
}

const attached = () => gatewayApp().attached(PagesController);

afterEach(closeGatewayApps);

describe('the gateway on the HTTP server of the application', () => {
  it('leaves other routes, with their bodies, to the controllers', async () => {
    const { endpoint } = await attached().start();
    const origin = new URL(endpoint).origin;
    const json = { 'Content-Type': 'application/json' };
    expect(await fetchPlain(origin)).toMatchObject({ status: 200, body: 'a page' });
    expect(await fetchPlain(`${origin}/orders`, { method: 'POST', headers: json, body: '{"tea":2}' })).toMatchObject({
      status: 201,
      body: '{"ordered":{"tea":2}}',
    });
    expect(await fetchPlain(`${origin}/ws/@nearby`)).toMatchObject({ status: 200, body: 'a neighbour' });
    expect((await fetchPlain(`${origin}/nowhere`)).status).toBe(404);
  });

  it('answers a plain request to its own path with 426, as API Gateway does', async () => {
    const { endpoint } = await attached().start();
    expect(await fetchPlain(endpoint)).toMatchObject({
      status: 426,
      headers: { upgrade: 'websocket' },
      body: '{"message":"Upgrade Required"}',
    });
    expect((await fetchPlain(`${endpoint}?token=example`)).status).toBe(426);
  });

  it('takes WebSockets, and says where', async () => {
    const app = await attached()
      .gateway({ path: '/live/chat', routeResponses: ['ping'] })
      .on('websocket.ping', () => 'pong')
      .start();
    expect(app.url).toBe(`ws://127.0.0.1:${app.port}/live/chat`);
    const client = await app.connect();
    client.send({ action: 'ping' });
    expect(await client.nextJson()).toBe('pong');
    await client.close();
  });

  it('reads bodies to @connections before a body parser can', async () => {
    const app = await attached().gateway({ credentials: testCredentials }).start();
    const { client, connectionId } = await app.connectWithId();
    const sdk = managementApiClient(app.endpoint);
    // What the JSON parser of the application would consume.
    sdk.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['content-type'] = 'application/json';
        return next(args);
      },
      { step: 'build' },
    );
    await sdk.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: '{"hello":1}' }));
    expect(await client.nextJson()).toEqual({ hello: 1 });
    await client.close();
  });

  it('leaves upgrades of other paths to their own listeners', async () => {
    const app = await attached().start();
    const others = new WebSocketServer({ noServer: true });
    const server = app.app.getHttpServer() as Server;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url === '/other')
        others.handleUpgrade(request, socket, head, (opened) => opened.send('from the other'));
      else if (request.url !== '/ws') socket.end('HTTP/1.1 410 Gone\r\n\r\n');
    });
    const other = await GatewayClient.open(app.url.replace('/ws', '/other'));
    expect(await other.next()).toBe('from the other');
    const ours = await app.connect();
    expect(await app.manager.getAllConnections()).toHaveLength(1);
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({ path: '/elsewhere' }));
    await raw.closed;
    expect(raw.text).toBe('HTTP/1.1 410 Gone\r\n\r\n');
    await Promise.all([ours.close(), other.close()]);
  });
});

describe('a request for an upgrade to another protocol', () => {
  const h2c = { Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' };

  it('is a request like any other to the application', async () => {
    const { endpoint } = await attached().start();
    const origin = new URL(endpoint).origin;
    expect(await fetchPlain(origin, { headers: h2c })).toMatchObject({ status: 200, body: 'a page' });
    const headers = { ...h2c, 'Content-Type': 'application/json' };
    expect(await fetchPlain(`${origin}/orders`, { method: 'POST', headers, body: '{"tea":2}' })).toMatchObject({
      status: 201,
      body: '{"ordered":{"tea":2}}',
    });
    expect((await fetchPlain(`${origin}/nowhere`, { headers: h2c })).status).toBe(404);
  });

  it('leaves its connection to further requests, and to a WebSocket', async () => {
    const app = await attached().start();
    const raw = await RawConnection.open(app.port);
    const fields = 'Host: h\r\nContent-Type: application/json\r\nUpgrade: h2c\r\nConnection: upgrade\r\n';
    raw.socket.write(`POST /orders HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n5\r\n{"tea\r\n`);
    await app.manager.getAllConnections();
    raw.socket.write(`4\r\n":2}\r\n0\r\n\r\nPOST /orders HTTP/1.1\r\n${fields}Content-Length: 9\r\n\r\n{"tea":3}`);
    await raw.until('{"ordered":{"tea":2}}');
    await raw.until('{"ordered":{"tea":3}}');
    raw.socket.write(upgradeRequest({}));
    await raw.until('101 Switching Protocols');
    raw.socket.destroy();
  });

  it('leaves nothing of itself behind, however many come over one connection', async () => {
    const app = await attached().start();
    const warned = jest.fn();
    process.on('warning', warned);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number>();
    for (let turn = 0; turn < 15; turn++) {
      const request = httpRequest(new URL(app.endpoint).origin, { headers: h2c, agent }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      ports.add(response.socket.localPort!);
      expect(response.statusCode).toBe(200);
      await once(response.resume(), 'end');
    }
    agent.destroy();
    process.off('warning', warned);
    expect(ports.size).toBe(1);
    expect(warned).not.toHaveBeenCalled();
  });

  it('is refused when it has more header fields than Node shows', async () => {
    const app = await attached().start();
    const raw = await RawConnection.open(app.port);
    const many = Array.from({ length: 1_000 }, () => 'a:b').join('\r\n');
    raw.socket.write(`POST /orders HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: upgrade\r\n${many}\r\n`);
    raw.socket.write('Content-Length: 43\r\n\r\nGET / HTTP/1.1\r\nHost: an-other-request\r\n\r\n');
    await raw.closed;
    expect(raw.text).toMatch(/^HTTP\/1\.1 431 /);
    expect(raw.text).not.toContain('a page');
  });

  it('is answered on the gateway’s own port too', async () => {
    const { endpoint } = await gatewayApp().gateway({ credentials: testCredentials }).start();
    expect((await fetchPlain(`${new URL(endpoint).origin}/readyz`, { headers: h2c })).status).toBe(200);
    const url = `${endpoint}/@connections/x`;
    const answer = await fetchPlain(url, { method: 'POST', headers: h2c, body: 'hello' });
    expect(answer).toMatchObject({ status: 403, body: '{"message":"Missing Authentication Token"}' });
  });
});

describe('a request target in absolute form', () => {
  /** The first line of the answer to a request, whose target is as it stands here. */
  async function statusOf(port: number, request: string): Promise<string> {
    const raw = await RawConnection.open(port);
    raw.socket.write(request);
    const answer = await raw.until('\r\n\r\n');
    raw.socket.destroy();
    return answer.split(' ')[1] ?? '';
  }
  const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`;

  it('is that of its path', async () => {
    const app = await attached().gateway({ credentials: testCredentials, probes: {} }).start();
    const origin = 'http://chat.example:8080';
    expect(await statusOf(app.port, get(`${origin}/`))).toBe('200');
    expect(await statusOf(app.port, get(`${origin}/ws`))).toBe('426');
    expect(await statusOf(app.port, get(`${origin}/livez?a=b`))).toBe('200');
    expect(await statusOf(app.port, get(`${origin}/ws/@connections/x`))).toBe('403');
    expect(await statusOf(app.port, upgradeRequest({ path: `${origin}/ws` }))).toBe('101');
    expect(await statusOf(app.port, upgradeRequest({ path: `${origin}?/ws` }))).toBe('404');
    expect(await statusOf(app.port, upgradeRequest({ path: 'HTTPS://chat.example/other' }))).toBe('404');
  });

  it('names the host that the client wants, whatever the header says, and brings its query', async () => {
    const connected = recorder<'websocket.connected'>();
    const app = await gatewayApp().on('websocket.connected', connected.push).start();
    await statusOf(app.port, upgradeRequest({ path: 'http://chat.example:8080/ws?token=example' }));
    const { eventData } = await connected.next();
    expect(eventData.requestContext.domainName).toBe('chat.example:8080');
    expect(eventData).toMatchObject({ queryStringParameters: { token: 'example' } });
  });
});

describe('another WebSocket server on the same HTTP server', () => {
  it('that ends the sockets it does not know keeps its own and gets none of the gateway’s', async () => {
    const builder = attached();
    const nest = await builder.create();
    const others = new WebSocketServer({ noServer: true });
    // As Nest's WebSocket adapter does; it is there before the gateway is.
    (nest.getHttpServer() as Server).on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url === '/other')
        others.handleUpgrade(request, socket, head, (opened) => opened.send('from the other'));
      else socket.destroy();
    });
    await nest.listen(0, '127.0.0.1');
    const url = nest.get(EmbeddedGateway).url!;
    const ours = await GatewayClient.open(url);
    const other = await GatewayClient.open(url.replace('/ws', '/other'));
    expect(await other.next()).toBe('from the other');
    expect(await nest.get(WebSocketManager).getAllConnections()).toHaveLength(1);
    await Promise.all([ours.close(), other.close()]);
  });
});

describe('the gateway on a port of its own', () => {
  it('answers 404 to everything that is not its own', async () => {
    const { endpoint } = await gatewayApp().start();
    expect((await fetchPlain(`${endpoint}/@nearby`)).status).toBe(404);
    expect((await fetchPlain(new URL(endpoint).origin)).status).toBe(404);
  });

  it('goes on serving when clients that it refuses are gone before they are told', async () => {
    const app = await gatewayApp().start();
    for (let attempt = 0; attempt < 200; attempt++) {
      const raw = await RawConnection.open(app.port);
      raw.socket.write(upgradeRequest({ path: '/elsewhere' }), () => raw.socket.resetAndDestroy());
      await raw.closed;
    }
    expect((await fetchPlain(app.endpoint)).status).toBe(426);
  });

  it('fails the start of the application when the port is taken', async () => {
    const { port } = await gatewayApp().start();
    await expect(gatewayApp().gateway({ port }).start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('two applications in one process', () => {
  it('each have their own clients', async () => {
    const [first, second] = [await gatewayApp().start(), await attached().start()];
    const [inFirst, inSecond] = [await first.connectWithId(), await second.connectWithId()];
    expect(await first.manager.broadcast('first')).toEqual({ [inFirst.connectionId]: true });
    expect(await second.manager.broadcast('second')).toEqual({ [inSecond.connectionId]: true });
    expect(await first.manager.sendToConnection(inSecond.connectionId, 'stray')).toBe(false);
    expect(await inFirst.client.nextJson()).toBe('first');
    expect(await inSecond.client.nextJson()).toBe('second');
    await first.app.close();
    expect(await inFirst.client.closed).toMatchObject({ code: 1012 });
    expect(await second.manager.sendToConnection(inSecond.connectionId, 'still here')).toBe(true);
    expect(await inSecond.client.nextJson()).toBe('still here');
  });
});
