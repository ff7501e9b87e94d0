import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, heldRecorder, recorder, type GatewayApp } from '../support/gateway-app.js';
import { GatewayClient } from '../support/gateway-client.js';
import { ManualClock } from '../support/manual.clock.js';

afterEach(closeGatewayApps);

const never = (): Promise<never> => new Promise(() => undefined);

describe('a listener that never ends', () => {
  it('is answered for after 29 seconds, with API Gateway’s frame, and leaves room for the next message', async () => {
    const clock = new ManualClock();
    const heard = recorder<'websocket.slow'>();
    const app: GatewayApp = await gatewayApp()
      .with({ clock })
      .gateway({ maxInFlightMessages: 1 })
      .on('websocket.slow', (event) => {
        heard.push(event);
        return never();
      })
      .on('websocket.echo', (event) => app.manager.sendToConnection(event.connectionId, event.message))
      .start();
    const { client, connectionId } = await app.connectWithId();
    client.send({ action: 'slow' });
    client.send({ action: 'echo' });
    await heard.next();
    await clock.advance(28_999);
    expect(client.messages.all).toEqual([]);
    await clock.advance(1);
    const frame = await client.next();
    const { requestId } = JSON.parse(frame) as { requestId: string };
    expect(requestId).toMatch(/^[A-Za-z0-9+/]{15}=$/);
    expect(frame).toBe(
      `{"message": "Endpoint request timed out", "connectionId":"${connectionId}", "requestId":"${requestId}"}`,
    );
    expect(await client.nextJson()).toEqual({ action: 'echo' });
  });

  it('refuses the handshake that waits for it with 504, and the connection leaves no trace once it does end', async () => {
    const clock = new ManualClock();
    const waiting = heldRecorder<'websocket.connected'>();
    const app = await gatewayApp().with({ clock }).on('websocket.connected', waiting.hold).start();
    const client = GatewayClient.start(app.url);
    const refused = client.refused();
    const { connectionId } = await waiting.next();
    await clock.advance(29_000);
    expect(await refused).toBe(504);
    waiting.open();
    while (await app.manager.connectionExists(connectionId)) await new Promise(setImmediate);
    expect(await app.manager.getAllConnections()).toEqual([]);
  });

  it('does not keep the application from closing', async () => {
    const clock = new ManualClock();
    const waiting = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .with({ clock })
      .on('websocket.disconnected', (event) => {
        waiting.push(event);
        return never();
      })
      .start();
    await app.connect();
    const closed = app.app.close();
    await waiting.next();
    await clock.advance(29_000);
    await closed;
    expect(app.logged).toContainEqual(expect.stringContaining('before every listener had ended'));
  });
});
