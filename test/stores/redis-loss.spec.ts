import { beforeEach, describe, expect, it } from '@jest/globals';
import { RedisConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { keysOf, valuesOf } from '../support/redis.keys.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { connection as connectionAt } from './caches.js';

const connection = (id: string, userId: string) => ({ ...connectionAt(id, userId), connectedAt: Date.now() });

describeWithRedis('a record that Redis has dropped by itself', () => {
  const redis = useRedis({ isEmptied: true });
  let store: RedisConnectionStore;

  beforeEach(async () => {
    store = new RedisConnectionStore(redis.client);
    for (const id of ['lost', 'kept']) {
      await store.add(connection(id, 'ada'));
      await store.join(id, 'news');
      await store.join(id, `only ${id}`);
    }
    await redis.client.del('websocket:connection:lost');
  });

  it('is on no list', async () => {
    await expect(collect(store.connections())).resolves.toEqual(['kept']);
    await expect(collect(store.members('news'))).resolves.toEqual(['kept']);
    await expect(collect(store.members('only lost'))).resolves.toEqual([]);
    await expect(store.connectionsOfUser('ada')).resolves.toEqual(['kept']);
    await expect(store.findMany(['lost', 'kept'])).resolves.toMatchObject([null, { connectionId: 'kept' }]);
  });

  it('is pruned from the lists that are read, and counts are right from then on', async () => {
    await collect(store.members('news'));
    await collect(store.members('only lost'));
    await store.connectionsOfUser('ada');
    await collect(store.connections());
    await expect(collect(store.channels())).resolves.toEqual(
      expect.arrayContaining([
        { channel: 'news', members: 1 },
        { channel: 'only kept', members: 1 },
      ]),
    );
    await expect(store.countConnections()).resolves.toBe(1);
    expect(JSON.stringify(await valuesOf(redis.client))).not.toContain('lost"');
    expect(await keysOf(redis.client)).not.toContain('websocket:channels:only%20lost');
  });

  it('cannot be removed, joined or left, and its removal tidies the list of all', async () => {
    await expect(store.join('lost', 'sport')).resolves.toBe('unknown-connection');
    await expect(store.leave('lost', 'news')).resolves.toBe('unknown-connection');
    await expect(store.remove('lost')).resolves.toBeNull();
    await expect(store.countConnections()).resolves.toBe(1);
  });

  it('is swept like any other: the sweep finds its id, and its removal ends nothing', async () => {
    const stale = await collect(store.staleBefore(Date.now() + 1));
    expect(stale.toSorted()).toEqual(['kept', 'lost']);
    const removed = await Promise.all(stale.map((id) => store.remove(id)));
    expect(removed.filter((record) => record !== null).map(({ connectionId }) => connectionId)).toEqual(['kept']);
    await expect(store.countConnections()).resolves.toBe(0);
  });

  describe('and that was registered again', () => {
    beforeEach(async () => {
      await expect(store.ensure(connection('lost', 'ada'))).resolves.toBe('restored');
    });

    it('is in no channel any more, whichever way one asks', async () => {
      await expect(store.findMany(['lost'])).resolves.toMatchObject([{ channels: [] }]);
      await expect(collect(store.members('news'))).resolves.toEqual(['kept']);
      await expect(collect(store.members('only lost'))).resolves.toEqual([]);
      await expect(store.connectionsOfUser('ada')).resolves.toEqual(['kept', 'lost']);
    });

    it('leaves nothing behind when it leaves or ends', async () => {
      await expect(store.leave('lost', 'news')).resolves.toBe('not-a-member');
      await expect(collect(store.members('news'))).resolves.toEqual(['kept']);
      await expect(store.join('lost', 'news')).resolves.toBe('joined');
      await expect(store.remove('lost')).resolves.toMatchObject({ channels: ['news'] });
      await expect(collect(store.members('news'))).resolves.toEqual(['kept']);
      await expect(collect(store.members('only lost'))).resolves.toEqual([]);
    });
  });
});
