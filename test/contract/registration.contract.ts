import { describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/contracts/connection.js';
import { collect, type StoreHarness } from './store.harness.js';

/** Who is connected: adding, finding, removing and restoring. */
export function registrationContract(harness: StoreHarness): void {
  const { added, addedMany, channelCounts, concurrency, connection, find, onManualClock } = harness;

  describe('add, findMany', () => {
    it('finds what was added, field by field, in the order asked for', async () => {
      const first = connection('first', { userId: 'ada', connectedAt: 1_000, endpoint: 'local:1', routeKey: 'chat' });
      const second = connection('second', { endpoint: null });
      await harness.store.add(first);
      await harness.store.add(second);
      const ids = [second.connectionId, `${harness.scope}-nobody`, first.connectionId, second.connectionId];
      await expect(harness.store.findMany(ids)).resolves.toEqual([second, null, first, second]);
    });

    it('finds nothing when asked for nothing', async () => {
      await expect(harness.store.findMany([])).resolves.toEqual([]);
    });

    it('registers a connection once and leaves the first as it is', async () => {
      const first = connection('a', { userId: 'ada' });
      await harness.store.add(first);
      await harness.store.join(first.connectionId, 'news');
      await expect(harness.store.add({ ...first, userId: 'eve', routeKey: 'other' })).resolves.toBe(false);
      await expect(find(first.connectionId)).resolves.toEqual({ ...first, channels: ['news'] });
      await expect(harness.store.connectionsOfUser('eve')).resolves.toEqual([]);
      await expect(harness.store.countConnections()).resolves.toBe(1);
    });

    it('puts a new connection into no channel, whatever its record says', async () => {
      const id = await added('a', { channels: ['news'] });
      expect((await find(id))?.channels).toEqual([]);
      await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
    });

    it('keeps a copy: what the caller does to the object afterwards changes nothing', async () => {
      const mine = { ...connection('a', { userId: 'ada' }) } as { -readonly [Field in keyof Connection]: unknown };
      await harness.store.add(mine as Connection);
      mine.userId = 'eve';
      expect((await find(mine.connectionId as string))?.userId).toBe('ada');
    });

    it('lists every one of many connections that were added at once', async () => {
      const ids = await addedMany(concurrency);
      const listed = await collect(harness.store.connections());
      expect(listed.toSorted()).toEqual(ids.toSorted());
      await expect(harness.store.countConnections()).resolves.toBe(concurrency);
    });

    it('gives one of many callers who add the same connection the word that it is new', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.add(connection('a'))));
      expect(answers.filter(Boolean)).toHaveLength(1);
      await expect(collect(harness.store.connections())).resolves.toHaveLength(1);
    });
  });

  describe('remove', () => {
    it('gives what the connection was, with its channels in the order of joining', async () => {
      const made = connection('a', { userId: 'ada' });
      await harness.store.add(made);
      await harness.store.join(made.connectionId, 'zebra');
      await harness.store.join(made.connectionId, 'apple');
      await expect(harness.store.remove(made.connectionId)).resolves.toEqual({ ...made, channels: ['zebra', 'apple'] });
    });

    it('leaves the connection in no answer afterwards', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      await harness.store.remove(id);
      await expect(find(id)).resolves.toBeNull();
      await expect(collect(harness.store.connections())).resolves.toEqual([]);
      await expect(harness.store.connectionsOfUser('ada')).resolves.toEqual([]);
      await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
      await expect(channelCounts()).resolves.toEqual({});
      await expect(harness.store.countConnections()).resolves.toBe(0);
    });

    it('gives null for a connection that is not there', async () => {
      await expect(harness.store.remove(`${harness.scope}-nobody`)).resolves.toBeNull();
    });

    it('gives the record, with its channels, to one of many callers', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.remove(id)));
      const winners = answers.filter((answer) => answer !== null);
      expect(winners).toHaveLength(1);
      expect(winners[0]?.channels).toEqual(['news']);
    });

    it('takes away exactly those of many that were removed while others were added', async () => {
      const old = await addedMany(concurrency / 4);
      const fresh = old.map((_, index) => `new-${index}`);
      await Promise.all([...old.map((id) => harness.store.remove(id)), ...fresh.map((id) => added(id))]);
      const listed = await collect(harness.store.connections());
      expect(listed.toSorted()).toEqual(fresh.map((id) => `${harness.scope}-${id}`).toSorted());
    });

    it('lets the same connection be added again, without its former channels', async () => {
      const id = await added('a', { userId: 'ada' });
      await harness.store.join(id, 'news');
      await harness.store.remove(id);
      await added('a', { userId: 'ada' });
      expect((await find(id))?.channels).toEqual([]);
      await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
      await expect(harness.store.connectionsOfUser('ada')).resolves.toEqual([id]);
    });
  });

  describe('ensure', () => {
    it('registers a connection that the store does not know', async () => {
      const made = connection('a', { userId: 'ada', routeKey: '$default' });
      await expect(harness.store.ensure(made)).resolves.toBe('restored');
      await expect(find(made.connectionId)).resolves.toEqual(made);
      await expect(harness.store.connectionsOfUser('ada')).resolves.toEqual([made.connectionId]);
      await expect(collect(harness.store.connections())).resolves.toEqual([made.connectionId]);
    });

    it('leaves a connection that the store knows as it is', async () => {
      const made = connection('a');
      await harness.store.add(made);
      await harness.store.join(made.connectionId, 'news');
      await expect(harness.store.ensure({ ...made, userId: 'eve' })).resolves.toBe('present');
      await expect(find(made.connectionId)).resolves.toEqual({ ...made, channels: ['news'] });
    });

    it('restores once when many messages of a forgotten connection come at once', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.ensure(connection('a'))));
      expect(answers.filter((answer) => answer === 'restored')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'present')).toHaveLength(49);
    });

    it('does not bring back a connection that was just removed', async () => {
      const made = connection('a', { userId: 'ada' });
      await harness.store.add(made);
      await harness.store.remove(made.connectionId);
      await expect(harness.store.ensure(made)).resolves.toBe('removed');
      await expect(find(made.connectionId)).resolves.toBeNull();
      await expect(collect(harness.store.connections())).resolves.toEqual([]);
    });

    it('does not bring back a connection that is removed at the same moment', async () => {
      for (let round = 0; round < 20; round++) {
        const made = connection(String(round));
        await harness.store.add(made);
        await Promise.all([harness.store.remove(made.connectionId), harness.store.ensure(made)]);
        await expect(find(made.connectionId)).resolves.toBeNull();
      }
    });

    onManualClock('remembers a removal for a minute and no longer', async () => {
      const made = connection('a');
      await harness.store.add(made);
      await harness.store.remove(made.connectionId);
      await harness.clock.advance(59_999);
      await expect(harness.store.ensure(made)).resolves.toBe('removed');
      await harness.clock.advance(1);
      await expect(harness.store.ensure(made)).resolves.toBe('restored');
    });

    it('remembers no removal of a connection that was not there', async () => {
      await harness.store.remove(`${harness.scope}-a`);
      await expect(harness.store.ensure(connection('a'))).resolves.toBe('restored');
    });

    it('remembers a second removal like the first', async () => {
      const made = connection('a');
      for (let round = 0; round < 2; round++) {
        await harness.store.add(made);
        await harness.store.remove(made.connectionId);
        await expect(harness.store.ensure(made)).resolves.toBe('removed');
      }
    });
  });

  describe('ping', () => {
    it('resolves while the store is in reach, and registers nothing', async () => {
      await expect(harness.store.ping()).resolves.toBeUndefined();
      await expect(harness.store.countConnections()).resolves.toBe(0);
    });
  });
}
