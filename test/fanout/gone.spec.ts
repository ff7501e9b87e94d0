import { afterEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { createCache } from 'cache-manager';
import {
  CacheConnectionStore,
  StoreUnavailableError,
  WebSocketEvents,
  type Connection,
  type DisconnectedEvent,
} from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { newConnectionId } from '../support/events.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';

afterEach(stopApplications);
afterEach(stopManagementApis);

/** A store that tells how many removals were under way at once, and fails them when told to. */
class RemovingStore extends CacheConnectionStore {
  underWay = 0;
  mostUnderWay = 0;
  removals = 0;
  isDown = false;

  override async remove(connectionId: string): Promise<Connection | null> {
    this.removals++;
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay--;
    if (this.isDown) throw new StoreUnavailableError('remove a connection');
    return super.remove(connectionId);
  }
}

async function start(count: number) {
  const api = await ManagementApiServer.start(({ connectionId }) => (connectionId.startsWith('gone') ? 410 : 200));
  const store = new RemovingStore(createCache());
  const { manager, get } = await startApplication({ options: { store, credentials: testCredentials } });
  for (let index = 0; index < count; index++) {
    await store.add({
      connectionId: `${index % 2 === 0 ? 'gone' : 'here'}${newConnectionId()}`,
      connectedAt: Date.now() - 3_600_000,
      userId: null,
      routeKey: '$connect',
      channels: [],
      endpoint: api.endpoint(),
    });
  }
  const ended: DisconnectedEvent[] = [];
  get(EventEmitter2).on(WebSocketEvents.Disconnected, (event: DisconnectedEvent) => ended.push(event));
  return { manager, store, ended };
}

describe('connections that turn out to be gone', () => {
  it('are forgotten, some dozens at once, by the time the broadcast has ended', async () => {
    const { manager, store, ended } = await start(3_000);
    expect(await manager.except().send('x')).toEqual({ delivered: 1_500, gone: 1_500, throttled: 0, failed: 0 });
    expect(ended.filter(({ cause }) => cause === 'gone')).toHaveLength(1_500);
    expect(new Set(ended.map(({ connectionId }) => connectionId)).size).toBe(1_500);
    expect((await manager.getStats()).totalConnections).toBe(1_500);
    expect(store.mostUnderWay).toBeGreaterThan(1);
    expect(store.mostUnderWay).toBeLessThanOrEqual(32);
  });

  it('stay for the next time when the store cannot forget them, and the broadcast succeeds', async () => {
    const { manager, store, ended } = await start(200);
    store.isDown = true;
    expect(await manager.except().send('x')).toMatchObject({ delivered: 100, gone: 100 });
    expect(ended).toEqual([]);
    // Nobody asks a store that is down a hundred times.
    expect(store.removals).toBeLessThanOrEqual(64);
    store.isDown = false;
    expect(await manager.except().send('y')).toMatchObject({ delivered: 100, gone: 100 });
    expect(ended).toHaveLength(100);
  });
});
