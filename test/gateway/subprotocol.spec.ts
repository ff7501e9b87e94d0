import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { WebSocketHandler } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, recorder, type GatewayApp } from '../support/gateway-app.js';
import { RawConnection, upgradeRequest } from '../support/gateway-client.js';

afterEach(closeGatewayApps);

/** A gateway whose application answers `$connect` with these headers. */
async function answering(headers: Readonly<Record<string, string>>) {
  const disconnected = recorder<'websocket.disconnected'>();
  const app = await gatewayApp().on('websocket.disconnected', disconnected.push).start();
  const handler = app.app.get(WebSocketHandler);
  const handle = handler.handle.bind(handler);
  handler.handle = async (...args) => ({ ...(await handle(...args)), headers });
  return { app, disconnected };
}

async function handshake(app: GatewayApp, offers: string | null): Promise<string> {
  const raw = await RawConnection.open(app.port);
  raw.socket.write(upgradeRequest({ headers: { 'Sec-WebSocket-Protocol': offers } }));
  const answer = await raw.until('\r\n\r\n');
  raw.socket.destroy();
  return answer;
}

describe('the subprotocol of a connection', () => {
  it('is the one that the answer to $connect names', async () => {
    const { app } = await answering({ 'Sec-WebSocket-Protocol': 'chat.v2' });
    const client = new WebSocket(app.url, ['chat.v1', 'chat.v2']);
    await once(client, 'open');
    expect(client.protocol).toBe('chat.v2');
    client.close();
    expect(await handshake(app, 'chat.v1,chat.v2')).toMatch(/\r\nSec-WebSocket-Protocol: chat\.v2\r\n/);
  });

  it('is named by a header in any letters', async () => {
    const { app } = await answering({ 'sec-websocket-protocol': ' chat ' });
    expect(await handshake(app, 'chat')).toMatch(/\r\nSec-WebSocket-Protocol: chat\r\n/);
  });

  it.each([
    ['another one', 'news'],
    ['the same in other letters', 'Chat'],
    ['none at all', null],
  ])('fails the handshake when the client offered %s, and leaves no trace', async (_, offers) => {
    const { app, disconnected } = await answering({ 'Sec-WebSocket-Protocol': 'chat' });
    expect(await handshake(app, offers)).toMatch(/^HTTP\/1\.1 502 /);
    expect(await disconnected.next()).toMatchObject({ code: 1006 });
    expect(await app.manager.getAllConnections()).toEqual([]);
    await handshake(app, offers);
    expect(app.logged.filter((line) => line.includes('subprotocol'))).toHaveLength(1);
    expect(app.logged.join()).not.toContain('chat');
  });

  it('is of one client only, however many shake hands at once', async () => {
    const { app } = await answering({});
    const handler = app.app.get(WebSocketHandler);
    const handle = handler.handle.bind(handler);
    handler.handle = async (event, origin) => {
      const response = await handle(event, origin);
      const offer = (event as { headers?: Record<string, string> }).headers?.['Sec-WebSocket-Protocol'];
      return offer === undefined ? response : { ...response, headers: { 'Sec-WebSocket-Protocol': offer } };
    };
    const answers = await Promise.all(['a', null, 'b', 'c', null, 'd'].map((offer) => handshake(app, offer)));
    const chosen = answers.map((answer) => /Sec-WebSocket-Protocol: (.*)\r\n/.exec(answer)?.[1] ?? null);
    expect(chosen).toEqual(['a', null, 'b', 'c', null, 'd']);
  });
});

describe('other headers of the answer to $connect', () => {
  it('do not reach the client, as on API Gateway', async () => {
    const { app } = await answering({ 'Set-Cookie': 'session=example', 'X-Custom': 'example' });
    const answer = await handshake(app, 'chat');
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer).not.toMatch(/set-cookie|x-custom|sec-websocket-protocol/i);
  });
});
