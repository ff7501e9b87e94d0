import { CacheModule } from '@nestjs/cache-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import { InvalidNameError, type WebSocketManager } from '../../src/index.js';
import { failing, Wire } from '../contract/wire.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { RemoteCache } from '../support/remote.cache.js';

const MEGABYTE = 1_048_576;
const nobody = { delivered: 0, gone: 0, throttled: 0, failed: 0 };

describe.each([
  { length: 'one character too long', channel: 'c'.repeat(201), user: 'u'.repeat(257), id: 'i'.repeat(129) },
  { length: 'of 1 MB', channel: 'c'.repeat(MEGABYTE), user: 'u'.repeat(MEGABYTE), id: 'i'.repeat(MEGABYTE) },
])('a name $length', ({ channel, user, id }) => {
  const known = newConnectionId();
  let manager: WebSocketManager;

  beforeEach(async () => {
    const wire = new Wire();
    const stores = [new Keyv({ store: new RemoteCache(wire) })];
    ({ manager } = await startApplication({ importsBefore: [CacheModule.register({ isGlobal: true, stores })] }));
    await manager.handle(connect({ connectionId: known }));
    // Whoever asks the store for such a name is given an error.
    wire.intercept(failing(() => 'unreached'));
  });

  afterEach(stopApplications);

  it('is refused as a channel, without a look at the store', async () => {
    await expect(manager.joinChannel(known, channel)).rejects.toBeInstanceOf(InvalidNameError);
    await expect(manager.leaveChannel(known, channel)).rejects.toBeInstanceOf(InvalidNameError);
    await expect(manager.getConnectionsByChannel(channel)).resolves.toEqual([]);
    await expect(manager.sendToChannel(channel, 'hi')).resolves.toEqual({});
    await expect(manager.to(channel).send('hi')).resolves.toEqual(nobody);
  });

  it('is nobody as a user, without a look at the store', async () => {
    await expect(manager.getConnectionsByUserId(user)).resolves.toEqual([]);
    await expect(manager.sendToUser(user, 'hi')).resolves.toEqual({});
    await expect(manager.sendToUsers([user], 'hi')).resolves.toEqual({ [user]: {} });
    await expect(manager.toUser(user).send('hi')).resolves.toEqual(nobody);
    await expect(manager.disconnectUser(user)).resolves.toEqual({});
  });

  it('is nobody as a connection, without a look at the store', async () => {
    await expect(manager.getConnection(id)).resolves.toBeNull();
    await expect(manager.connectionExists(id)).resolves.toBe(false);
    await expect(manager.getChannelsByConnection(id)).resolves.toEqual([]);
    await expect(manager.joinChannel(id, 'news')).resolves.toBe(false);
    await expect(manager.leaveChannel(id, 'news')).resolves.toBe(false);
    await expect(manager.sendToConnection(id, 'hi')).resolves.toBe(false);
    await expect(manager.disconnect(id)).resolves.toBe(false);
  });

  it('is refused with 400 in an event, and repeated neither in the answer nor in the store', async () => {
    const events = [
      connect({ connectionId: id }),
      connect({ connectionId: newConnectionId(), userId: user }),
      message(id, { text: 'hi' }),
      disconnect(id),
    ];
    for (const event of events) {
      const { statusCode, body } = await manager.handle(event);
      expect(statusCode).toBe(400);
      expect(body.length).toBeLessThan(200);
    }
  });
});
