import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { collect, EXPIRE_AFTER_MS, type StoreHarness } from './store.harness.js';

/** How long a connection counts: staleness and expiry. */
export function lifetimeContract(harness: StoreHarness): void {
  const { added, channelCounts, connection, describe, find, it, onManualClock } = harness;

  describe('staleBefore, touch', () => {
    it('lists connections that were opened before the instant, and not those opened at it', async () => {
      const old = await added('old', { connectedAt: harness.clock.now() - 2 });
      await added('young', { connectedAt: harness.clock.now() - 1 });
      deepEqual(await collect(harness.store.staleBefore(harness.clock.now() - 1)), [old]);
      deepEqual(await collect(harness.store.staleBefore(harness.clock.now() - 2)), []);
    });

    it('goes by the time at which a connection was last seen', async () => {
      const id = await added('a', { connectedAt: harness.clock.now() - 100 });
      await harness.store.touch(id, harness.clock.now());
      deepEqual(await collect(harness.store.staleBefore(harness.clock.now())), []);
      deepEqual(await collect(harness.store.staleBefore(harness.clock.now() + 1)), [id]);
      equal((await find(id))?.connectedAt, harness.clock.now() - 100);
    });

    it('takes the latest of several sightings, in whatever order they come', async () => {
      const id = await added('a', { connectedAt: harness.clock.now() - 100 });
      await harness.store.touch(id, harness.clock.now());
      await harness.store.touch(id, harness.clock.now() - 50);
      deepEqual(await collect(harness.store.staleBefore(harness.clock.now())), []);
    });

    it('makes nothing of a touch of a connection that is not there', async () => {
      await harness.store.touch(`${harness.scope}-nobody`, harness.clock.now());
      equal(await harness.store.countConnections(), 0);
      equal(await find(`${harness.scope}-nobody`), null);
    });

    it('keeps user and channels through a touch, also one that races with a join', async () => {
      const id = await added('a', { userId: 'ada' });
      await Promise.all([
        harness.store.join(id, 'news'),
        harness.store.touch(id, harness.clock.now()),
        harness.store.join(id, 'sport'),
      ]);
      deepEqual((await find(id))?.channels.toSorted(), ['news', 'sport']);
      deepEqual(await harness.store.connectionsOfUser('ada'), [id]);
    });
  });

  describe('expiry', () => {
    onManualClock('ignores a record that has expired, in every answer', async () => {
      const made = connection('a', { userId: 'ada' });
      const id = made.connectionId;
      await harness.store.add(made);
      await harness.store.join(id, 'news');
      await harness.clock.advance(EXPIRE_AFTER_MS - 1);
      notEqual(await find(id), null);
      await harness.clock.advance(1);
      equal(await find(id), null);
      deepEqual(await collect(harness.store.connections()), []);
      deepEqual(await collect(harness.store.members('news')), []);
      deepEqual(await harness.store.connectionsOfUser('ada'), []);
      deepEqual(await channelCounts(), {});
      equal(await harness.store.countConnections(), 0);
      equal(await harness.store.join(id, 'sport'), 'unknown-connection');
      equal(await harness.store.leave(id, 'news'), 'unknown-connection');
      await harness.store.touch(id, harness.clock.now());
      equal(await harness.store.remove(id), null);
      equal(await harness.store.ensure(made), 'restored');
      deepEqual((await find(id))?.channels, []);
    });

    onManualClock('takes the message of an expired connection for that of a forgotten one', async () => {
      const made = connection('a');
      await harness.store.add(made);
      await harness.clock.advance(EXPIRE_AFTER_MS);
      equal(await harness.store.ensure(made), 'restored');
    });

    onManualClock('is postponed by a touch, for the connection and for every list it is in', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      for (let round = 0; round < 3; round++) {
        await harness.clock.advance(EXPIRE_AFTER_MS - 1);
        await harness.store.touch(id, harness.clock.now());
      }
      deepEqual(await collect(harness.store.connections()), [id]);
      deepEqual(await collect(harness.store.members('news')), [id]);
      deepEqual(await harness.store.connectionsOfUser('ada'), [id]);
      deepEqual(await channelCounts(), { news: 1 });
    });

    onManualClock('is postponed by a touch for no other connection', async () => {
      const touched = await added('a');
      const silent = await added('b');
      await harness.clock.advance(EXPIRE_AFTER_MS - 1);
      await harness.store.touch(touched, harness.clock.now());
      await harness.clock.advance(1);
      equal(await find(silent), null);
      deepEqual(await collect(harness.store.connections()), [touched]);
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
        deepEqual(await collect(harness.store.connections()), [id]);
        await harness.clock.advance(60_000);
        equal(await find(id), null);
        deepEqual(await collect(harness.store.members('sport')), []);
      },
    );

    onManualClock('counts from the moment of registration, not from when the connection was opened', async () => {
      const made = connection('a', { connectedAt: harness.clock.now() - 10 * EXPIRE_AFTER_MS });
      await harness.store.ensure(made);
      deepEqual(await find(made.connectionId), made);
    });

    onManualClock('makes room in a channel', async () => {
      const expiring = await added('a');
      await harness.store.join(expiring, 'small', { maxMembers: 1 });
      await harness.clock.advance(EXPIRE_AFTER_MS);
      const next = await added('b');
      equal(await harness.store.join(next, 'small', { maxMembers: 1 }), 'joined');
      deepEqual(await collect(harness.store.members('small')), [next]);
    });
  });
}
