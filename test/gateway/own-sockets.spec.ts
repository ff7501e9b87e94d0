import { afterEach, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { CacheConnectionStore, StoreUnavailableError, type DeliveryCompletedEvent } from '../../src/index.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';

afterEach(closeGatewayApps);

class FailingStore extends CacheConnectionStore {
  isDown = false;
  searches = 0;

  constructor() {
    super(createCache());
  }

  override async findMany(ids: readonly string[]) {
    this.searches++;
    if (this.isDown) throw new StoreUnavailableError('find connections');
    return super.findMany(ids);
  }
}

describe('a message to one connection whose socket this process holds', () => {
  it('is sent without asking the store, and in the order of all messages to it', async () => {
    const store = new FailingStore();
    const app = await gatewayApp().with({ store }).start();
    const { client, connectionId } = await app.connectWithId();
    const before = store.searches;
    const { manager } = app;
    const sent = [manager.sendToConnections([connectionId], 1), manager.sendToConnection(connectionId, 2)];
    await Promise.all(sent);
    expect([await client.nextJson(), await client.nextJson()]).toEqual([1, 2]);
    store.isDown = true;
    const searches = store.searches;
    expect(await manager.sendToConnection(connectionId, 3)).toBe(true);
    expect(await client.nextJson()).toBe(3);
    expect(store.searches).toBe(searches);
    expect(searches).toBeGreaterThan(before);
    await expect(manager.sendToConnection('elsewhere', 4)).rejects.toThrow(StoreUnavailableError);
  });

  it('is told of like any other', async () => {
    const completed: unknown[] = [];
    const app = await gatewayApp()
      .on('websocket.delivery.completed', (event) => void completed.push(event))
      .start();
    const { client, connectionId } = await app.connectWithId();
    await app.manager.sendToConnection(connectionId, 'x');
    expect(await client.nextJson()).toBe('x');
    const told: Partial<DeliveryCompletedEvent> = { recipients: 1, delivered: 1, inFlight: 0, isAborted: false };
    expect(completed).toEqual([expect.objectContaining(told)]);
  });

  it('finds a connection gone whose socket is closing', async () => {
    const app = await gatewayApp().with({ goneGracePeriodMs: 0 }).start();
    const { client, connectionId } = await app.connectWithId();
    client.socket.terminate();
    await app.manager.disconnect(connectionId);
    expect(await app.manager.sendToConnection(connectionId, 'x')).toBe(false);
  });

  it('does not reach a client that is still to authenticate', async () => {
    const ids: string[] = [];
    const app = await gatewayApp()
      .on('websocket.message', () => undefined)
      .with({
        admission: { authenticate: ({ connectionId }) => (ids.push(connectionId), null), authenticateWithinMs: 60_000 },
      })
      .start();
    const client = await app.connect();
    expect(await app.manager.sendToConnection(ids[0] ?? '', 'secret')).toBe(false);
    client.send({ action: 'hello' });
    expect(await client.nextJson()).toMatchObject({ message: 'Unauthorized' });
    expect(client.messages.all).toHaveLength(1);
  });
});
