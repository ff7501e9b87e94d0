import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { RawConnection } from '../support/gateway-client.js';

afterEach(closeGatewayApps);

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
