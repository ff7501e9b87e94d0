import { deepEqual, equal } from 'node:assert/strict';
import type { Connection } from '../../contracts/connection.js';
import { collect, type StoreHarness } from './store.harness.js';

/** Who is connected: adding, finding, removing and restoring. */
export function registrationContract(harness: StoreHarness): void {
  const { added, addedMany, channelCounts, concurrency, connection, describe, find, it, onManualClock } = harness;

  describe('add, findMany', () => {
    it('finds what was added, field by field, in the order asked for', async () => {
      const first = connection('first', { userId: 'ada', connectedAt: 1_000, endpoint: 'local:1', routeKey: 'chat' });
      const second = connection('second', { endpoint: null });
      await harness.store.add(first);
      await harness.store.add(second);
      const ids = [second.connectionId, `${harness.scope}-nobody`, first.connectionId, second.connectionId];
      deepEqual(await harness.store.findMany(ids), [second, null, first, second]);
    });

    it('finds nothing when asked for nothing', async () => {
      deepEqual(await harness.store.findMany([]), []);
    });

    it('registers a connection once and leaves the first as it is', async () => {
      const first = connection('a', { userId: 'ada' });
      await harness.store.add(first);
      await harness.store.join(first.connectionId, 'news');
      equal(await harness.store.add({ ...first, userId: 'eve', routeKey: 'other' }), false);
      deepEqual(await find(first.connectionId), { ...first, channels: ['news'] });
      deepEqual(await harness.store.connectionsOfUser('eve'), []);
      equal(await harness.store.countConnections(), 1);
    });

    it('puts a new connection into no channel, whatever its record says', async () => {
      const id = await added('a', { channels: ['news'] });
      deepEqual((await find(id))?.channels, []);
      deepEqual(await collect(harness.store.members('news')), []);
    });

    it('keeps a copy: what the caller does to the object afterwards changes nothing', async () => {
      const mine = { ...connection('a', { userId: 'ada' }) } as { -readonly [Field in keyof Connection]: unknown };
      await harness.store.add(mine as Connection);
      mine.userId = 'eve';
      equal((await find(mine.connectionId as string))?.userId, 'ada');
    });

    it('lists every one of many connections that were added at once', async () => {
      const ids = await addedMany(concurrency);
      const listed = await collect(harness.store.connections());
      deepEqual(listed.toSorted(), ids.toSorted());
      equal(await harness.store.countConnections(), concurrency);
    });

    it('gives one of many callers who add the same connection the word that it is new', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.add(connection('a'))));
      equal(answers.filter(Boolean).length, 1);
      equal((await collect(harness.store.connections())).length, 1);
    });
  });

  describe('remove', () => {
    it('gives what the connection was, with its channels in the order of joining', async () => {
      const made = connection('a', { userId: 'ada' });
      await harness.store.add(made);
      await harness.store.join(made.connectionId, 'zebra');
      await harness.store.join(made.connectionId, 'apple');
      deepEqual(await harness.store.remove(made.connectionId), { ...made, channels: ['zebra', 'apple'] });
    });

    it('leaves the connection in no answer afterwards', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      await harness.store.remove(id);
      equal(await find(id), null);
      deepEqual(await collect(harness.store.connections()), []);
      deepEqual(await harness.store.connectionsOfUser('ada'), []);
      deepEqual(await collect(harness.store.members('news')), []);
      deepEqual(await channelCounts(), {});
      equal(await harness.store.countConnections(), 0);
    });

    it('gives null for a connection that is not there', async () => {
      equal(await harness.store.remove(`${harness.scope}-nobody`), null);
    });

    it('gives the record, with its channels, to one of many callers', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.remove(id)));
      const winners = answers.filter((answer) => answer !== null);
      equal(winners.length, 1);
      deepEqual(winners[0]?.channels, ['news']);
    });

    it('takes away exactly those of many that were removed while others were added', async () => {
      const old = await addedMany(concurrency / 4);
      const fresh = old.map((_, index) => `new-${index}`);
      await Promise.all([...old.map((id) => harness.store.remove(id)), ...fresh.map((id) => added(id))]);
      const listed = await collect(harness.store.connections());
      deepEqual(listed.toSorted(), fresh.map((id) => `${harness.scope}-${id}`).toSorted());
    });

    it('lets the same connection be added again, without its former channels', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      await harness.store.remove(id);
      await added('a', { userId: 'ada' });
      deepEqual((await find(id))?.channels, []);
      deepEqual(await collect(harness.store.members('news')), []);
      deepEqual(await harness.store.connectionsOfUser('ada'), [id]);
    });
  });

  describe('ensure', () => {
    it('registers a connection that the store does not know', async () => {
      const made = connection('a', { userId: 'ada', routeKey: '$default' });
      equal(await harness.store.ensure(made), 'restored');
      deepEqual(await find(made.connectionId), made);
      deepEqual(await harness.store.connectionsOfUser('ada'), [made.connectionId]);
      deepEqual(await collect(harness.store.connections()), [made.connectionId]);
    });

    it('leaves a connection that the store knows as it is', async () => {
      const made = connection('a');
      await harness.store.add(made);
      await harness.store.join(made.connectionId, 'news');
      equal(await harness.store.ensure({ ...made, userId: 'eve' }), 'present');
      deepEqual(await find(made.connectionId), { ...made, channels: ['news'] });
    });

    it('restores once when many messages of a forgotten connection come at once', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.ensure(connection('a'))));
      equal(answers.filter((answer) => answer === 'restored').length, 1);
      equal(answers.filter((answer) => answer === 'present').length, 49);
    });

    it('does not bring back a connection that was just removed', async () => {
      const made = connection('a', { userId: 'ada' });
      await harness.store.add(made);
      await harness.store.remove(made.connectionId);
      equal(await harness.store.ensure(made), 'removed');
      equal(await find(made.connectionId), null);
      deepEqual(await collect(harness.store.connections()), []);
    });

    it('does not bring back a connection that is removed at the same moment', async () => {
      for (let round = 0; round < 20; round++) {
        const made = connection(String(round));
        await harness.store.add(made);
        await Promise.all([harness.store.remove(made.connectionId), harness.store.ensure(made)]);
        equal(await find(made.connectionId), null);
      }
    });

    onManualClock('remembers a removal for a minute and no longer', async () => {
      const made = connection('a');
      await harness.store.add(made);
      await harness.store.remove(made.connectionId);
      await harness.clock.advance(59_999);
      equal(await harness.store.ensure(made), 'removed');
      await harness.clock.advance(1);
      equal(await harness.store.ensure(made), 'restored');
    });

    it('remembers no removal of a connection that was not there', async () => {
      await harness.store.remove(`${harness.scope}-a`);
      equal(await harness.store.ensure(connection('a')), 'restored');
    });

    it('remembers a second removal like the first', async () => {
      const made = connection('a');
      for (let round = 0; round < 2; round++) {
        await harness.store.add(made);
        await harness.store.remove(made.connectionId);
        equal(await harness.store.ensure(made), 'removed');
      }
    });
  });

  describe('ping', () => {
    it('resolves while the store is in reach, and registers nothing', async () => {
      await harness.store.ping();
      equal(await harness.store.countConnections(), 0);
    });
  });
}
