import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createCache, type Cache } from 'cache-manager';
import { CacheConnectionStore } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { ManualClock } from '../support/manual.clock.js';
import { EventRecorder } from '../support/recorder.js';

afterEach(stopApplications);

describe('a message from a connection that the store has forgotten', () => {
  it('registers it again from the event, without a second websocket.connected', async () => {
    const { manager, get } = await startApplication({ providers: [EventRecorder] });
    const connectionId = newConnectionId();
    const connectedAt = Date.now() - 60_000;
    await manager.handle(message(connectionId, { a: 1 }, 'chat', { userId: 42, connectedAt }));
    expect(await manager.getConnection(connectionId)).toMatchObject({
      connectionId,
      connectedAt,
      userId: '42',
      routeKey: 'chat',
    });
    expect(await manager.getConnectionsByUserId('42')).toEqual([connectionId]);
    expect(get(EventRecorder).connected).toEqual([]);
  });

  it('does not bring back one that ended less than a minute ago', async () => {
    const clock = new ManualClock();
    const { manager, get } = await startApplication({ options: { clock }, providers: [EventRecorder] });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    await manager.handle(disconnect(connectionId));
    await clock.advance(59_000);
    await manager.handle(message(connectionId, {}));
    expect(await manager.getAllConnections()).toEqual([]);
    expect(get(EventRecorder).messages).toHaveLength(1);
    await clock.advance(1_000);
    await manager.handle(message(connectionId, {}));
    expect(await manager.getAllConnections()).toEqual([connectionId]);
  });
});

describe('a record', () => {
  it('disappears by itself an hour after the sweep would have taken it', async () => {
    const clock = new ManualClock();
    const { manager } = await startApplication({ options: { clock, staleAfterSeconds: 60 } });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId, connectedAt: clock.now() }));
    await manager.joinChannel(connectionId, 'news');
    await clock.advance(3_659_000);
    expect(await manager.getAllConnections()).toEqual([connectionId]);
    await clock.advance(1_000);
    expect(await manager.getAllConnections()).toEqual([]);
    expect(await manager.getStats()).toEqual({ totalConnections: 0, totalChannels: 0, channels: {} });
  });

  it('is swept with its event before that', async () => {
    const clock = new ManualClock();
    const { manager, get } = await startApplication({
      options: { clock, staleAfterSeconds: 60 },
      providers: [EventRecorder],
    });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId, connectedAt: clock.now() }));
    await clock.advance(60_000);
    expect(await manager.cleanup()).toBe(0);
    await clock.advance(1);
    expect(await manager.cleanup()).toBe(1);
    expect(get(EventRecorder).disconnected).toEqual([expect.objectContaining({ connectionId, cause: 'stale' })]);
  });
});

describe('a store of its own', () => {
  it('is used in place of the cache, and left open', async () => {
    const cache = createCache();
    const store = new CacheConnectionStore(cache, { keyPrefix: 'mine:' });
    const { app, manager } = await startApplication({ options: { store }, importsBefore: [CacheModule.register()] });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    expect(await app.get<Cache>(CACHE_MANAGER).get('websocket:connections')).toBeUndefined();
    await stopApplications();
    expect(await store.countConnections()).toBe(1);
    expect(await cache.get('mine:connections')).toEqual([connectionId]);
  });
});
