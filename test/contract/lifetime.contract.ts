import { describe, expect, it } from '@jest/globals';
import { collect, EXPIRE_AFTER_MS, type StoreHarness } from './store.harness.js';

/** How long a connection counts: staleness and expiry. */
export function lifetimeContract(harness: StoreHarness): void {
  const { added, channelCounts, connection, find, onManualClock } = harness;

  describe('staleBefore, touch', () => {
    it('lists connections that were opened before the instant, and not those opened at it', async () => {
      const old = await added('old', { connectedAt: harness.clock.now() - 2 });
      await added('young', { connectedAt: harness.clock.now() - 1 });
      await expect(collect(harness.store.staleBefore(harness.clock.now() - 1))).resolves.toEqual([old]);
      await expect(collect(harness.store.staleBefore(harness.clock.now() - 2))).resolves.toEqual([]);
    });

    it('goes by the time at which a connection was last seen', async () => {
      const id = await added('a', { connectedAt: harness.clock.now() - 100 });
      await harness.store.touch(id, harness.clock.now());
      await expect(collect(harness.store.staleBefore(harness.clock.now()))).resolves.toEqual([]);
      await expect(collect(harness.store.staleBefore(harness.clock.now() + 1))).resolves.toEqual([id]);
      expect((await find(id))?.connectedAt).toBe(harness.clock.now() - 100);
    });

    it('takes the latest of several sightings, in whatever order they come', async () => {
      const id = await added('a', { connectedAt: harness.clock.now() - 100 });
      await harness.store.touch(id, harness.clock.now());
      await harness.store.touch(id, harness.clock.now() - 50);
      await expect(collect(harness.store.staleBefore(harness.clock.now()))).resolves.toEqual([]);
    });

    it('makes nothing of a touch of a connection that is not there', async () => {
      await harness.store.touch(`${harness.scope}-nobody`, harness.clock.now());
      await expect(harness.store.countConnections()).resolves.toBe(0);
      await expect(find(`${harness.scope}-nobody`)).resolves.toBeNull();
    });

    it('keeps user and channels through a touch, also one that races with a join', async () => {
      const id = await added('a', { userId: 'ada' });
      await Promise.all([
        harness.store.join(id, 'news'),
        harness.store.touch(id, harness.clock.now()),
        harness.store.join(id, 'sport'),
      ]);
      expect((await find(id))?.channels.toSorted()).toEqual(['news', 'sport']);
      await expect(harness.store.connectionsOfUser('ada')).resolves.toEqual([id]);
    });
  });

  describe('expiry', () => {
    onManualClock('ignores a record that has expired, in every answer', async () => {
      const made = connection('a', { userId: 'ada' });
      const id = made.connectionId;
      await harness.store.add(made);
      await harness.store.join(id, 'news');
      await harness.clock.advance(EXPIRE_AFTER_MS - 1);
      await expect(find(id)).resolves.not.toBeNull();
      await harness.clock.advance(1);
      await expect(find(id)).resolves.toBeNull();
      await expect(collect(harness.store.connections())).resolves.toEqual([]);
      await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
      await expect(harness.store.connectionsOfUser('ada')).resolves.toEqual([]);
      await expect(channelCounts()).resolves.toEqual({});
      await expect(harness.store.countConnections()).resolves.toBe(0);
      await expect(harness.store.join(id, 'sport')).resolves.toBe('unknown-connection');
      await expect(harness.store.leave(id, 'news')).resolves.toBe('unknown-connection');
      await harness.store.touch(id, harness.clock.now());
      await expect(harness.store.remove(id)).resolves.toBeNull();
      await expect(harness.store.ensure(made)).resolves.toBe('restored');
      expect((await find(id))?.channels).toEqual([]);
    });

    onManualClock('takes the message of an expired connection for that of a forgotten one', async () => {
      const made = connection('a');
      await harness.store.add(made);
      await harness.clock.advance(EXPIRE_AFTER_MS);
      await expect(harness.store.ensure(made)).resolves.toBe('restored');
    });

    onManualClock('is postponed by a touch, for the connection and for every list it is in', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      for (let round = 0; round < 3; round++) {
        await harness.clock.advance(EXPIRE_AFTER_MS - 1);
        await harness.store.touch(id, harness.clock.now());
      }
      await expect(collect(harness.store.connections())).resolves.toEqual([id]);
      await expect(collect(harness.store.members('news'))).resolves.toEqual([id]);
      await expect(harness.store.connectionsOfUser('ada')).resolves.toEqual([id]);
      await expect(channelCounts()).resolves.toEqual({ news: 1 });
    });

    onManualClock('is postponed by a touch for no other connection', async () => {
      const touched = await added('a');
      const silent = await added('b');
      await harness.clock.advance(EXPIRE_AFTER_MS - 1);
      await harness.store.touch(touched, harness.clock.now());
      await harness.clock.advance(1);
      await expect(find(silent)).resolves.toBeNull();
      await expect(collect(harness.store.connections())).resolves.toEqual([touched]);
    });

    onManualClock(
      'is not postponed by a join or a leave: the lists that name the connection would not last',
      async () => {
        const id = await added('a');
        // A minute is left, which a cache that expires by itself counts in the machine's time.
        await harness.clock.advance(EXPIRE_AFTER_MS - 60_000);
        await harness.store.join(id, 'news');
        await harness.store.join(id, 'sport');
        await harness.store.leave(id, 'news');
        await expect(collect(harness.store.connections())).resolves.toEqual([id]);
        await harness.clock.advance(60_000);
        await expect(find(id)).resolves.toBeNull();
        await expect(collect(harness.store.members('sport'))).resolves.toEqual([]);
      },
    );

    onManualClock('counts from the moment of registration, not from when the connection was opened', async () => {
      const made = connection('a', { connectedAt: harness.clock.now() - 10 * EXPIRE_AFTER_MS });
      await harness.store.ensure(made);
      await expect(find(made.connectionId)).resolves.toEqual(made);
    });

    onManualClock('makes room in a channel', async () => {
      const expiring = await added('a');
      await harness.store.join(expiring, 'small', { maxMembers: 1 });
      await harness.clock.advance(EXPIRE_AFTER_MS);
      const next = await added('b');
      await expect(harness.store.join(next, 'small', { maxMembers: 1 })).resolves.toBe('joined');
      await expect(collect(harness.store.members('small'))).resolves.toEqual([next]);
    });
  });
}
