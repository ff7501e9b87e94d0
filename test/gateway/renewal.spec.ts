import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { ManualClock } from '../support/manual.clock.js';

afterEach(closeGatewayApps);

const HOUR_MS = 3_600_000;

describe('a socket that stays open longer than a record lasts', () => {
  it('is known all the time, with its channels, and ends with its event', async () => {
    const clock = new ManualClock();
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp().with({ clock }).on('websocket.disconnected', disconnected.push).start();
    const { client, connectionId } = await app.connectWithId();
    await app.manager.joinChannel(connectionId, 'news');
    await clock.advance(1_000 * HOUR_MS);
    expect(await app.manager.getConnectionsByChannel('news')).toEqual([connectionId]);
    await client.close(1000);
    expect(await disconnected.next()).toMatchObject({ connectionId, cause: 'client', channels: ['news'] });
  });

  it('is not swept, however old', async () => {
    const clock = new ManualClock();
    const app = await gatewayApp().with({ clock }).start();
    const { connectionId } = await app.connectWithId();
    await clock.advance(24.5 * HOUR_MS);
    expect(await app.manager.cleanup()).toBe(0);
    expect(await app.manager.getAllConnections()).toEqual([connectionId]);
  });

  it('leaves no timer behind when the application closes', async () => {
    const clock = new ManualClock();
    const app = await gatewayApp().with({ clock }).start();
    await app.connect();
    expect(clock.pending).toBeGreaterThan(0);
    await app.app.close();
    expect(clock.pending).toBe(0);
  });
});
