import { describe, expect, it } from '@jest/globals';
import { collect, type StoreHarness } from './store.harness.js';

/** Who is in which channel, and how many may be. */
export function membershipContract(harness: StoreHarness): void {
  const { added, addedMany, channelCounts, concurrency, find } = harness;

  describe('join, leave, members, channels', () => {
    it('makes a connection a member, in its record and in the channel', async () => {
      const id = await added('a');
      await expect(harness.store.join(id, 'news')).resolves.toBe('joined');
      expect((await find(id))?.channels).toEqual(['news']);
      await expect(collect(harness.store.members('news'))).resolves.toEqual([id]);
      await expect(channelCounts()).resolves.toEqual({ news: 1 });
    });

    it('lists a connection once that joins twice', async () => {
      const id = await added('a');
      await harness.store.join(id, 'news');
      await expect(harness.store.join(id, 'news')).resolves.toBe('already');
      await expect(collect(harness.store.members('news'))).resolves.toEqual([id]);
      expect((await find(id))?.channels).toEqual(['news']);
    });

    it('tells one of many callers who join the same connection that it joined', async () => {
      const id = await added('a');
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.join(id, 'news')));
      expect(answers.filter((answer) => answer === 'joined')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'already')).toHaveLength(49);
      expect((await find(id))?.channels).toEqual(['news']);
    });

    it('changes nothing for a connection that is not there', async () => {
      await expect(harness.store.join(`${harness.scope}-nobody`, 'news')).resolves.toBe('unknown-connection');
      await expect(harness.store.leave(`${harness.scope}-nobody`, 'news')).resolves.toBe('unknown-connection');
      await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
      await expect(channelCounts()).resolves.toEqual({});
    });

    it('takes a connection out of one channel and leaves it in the others', async () => {
      const id = await added('a');
      const other = await added('b');
      for (const channel of ['news', 'sport']) await harness.store.join(id, channel);
      await harness.store.join(other, 'news');
      await expect(harness.store.leave(id, 'news')).resolves.toBe('left');
      expect((await find(id))?.channels).toEqual(['sport']);
      await expect(collect(harness.store.members('news'))).resolves.toEqual([other]);
      await expect(channelCounts()).resolves.toEqual({ news: 1, sport: 1 });
    });

    it('says so when a connection leaves a channel that it never joined', async () => {
      const id = await added('a');
      const other = await added('b');
      await harness.store.join(other, 'news');
      await expect(harness.store.leave(id, 'news')).resolves.toBe('not-a-member');
      await expect(harness.store.leave(id, 'nowhere')).resolves.toBe('not-a-member');
      await expect(channelCounts()).resolves.toEqual({ news: 1 });
    });

    it('forgets a channel whose last member left or ended', async () => {
      const leaver = await added('a');
      const ender = await added('b');
      for (const id of [leaver, ender]) await harness.store.join(id, 'news');
      await harness.store.leave(leaver, 'news');
      await expect(channelCounts()).resolves.toEqual({ news: 1 });
      await harness.store.remove(ender);
      await expect(channelCounts()).resolves.toEqual({});
      await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
    });

    it('counts a channel right while its last member leaves and another joins', async () => {
      const first = await added('a');
      const second = await added('b');
      for (let round = 0; round < 20; round++) {
        const channel = `news-${round}`;
        await harness.store.join(first, channel);
        await Promise.all([harness.store.leave(first, channel), harness.store.join(second, channel)]);
        expect(await channelCounts()).toHaveProperty(channel, 1);
      }
    });

    it('lists every one of many members that joined at once', async () => {
      const ids = await addedMany(concurrency / 4);
      await Promise.all(ids.map((id) => harness.store.join(id, 'news')));
      expect((await collect(harness.store.members('news'))).toSorted()).toEqual(ids.toSorted());
      await expect(channelCounts()).resolves.toEqual({ news: ids.length });
    });

    it('keeps every one of many channels that one connection joins at once', async () => {
      const id = await added('a');
      const channels = Array.from({ length: 100 }, (_, index) => `channel-${index}`);
      await Promise.all(channels.map((channel) => harness.store.join(id, channel)));
      expect((await find(id))?.channels.toSorted()).toEqual(channels.toSorted());
      expect(Object.keys(await channelCounts()).toSorted()).toEqual(channels.toSorted());
    });

    it('leaves nothing behind when a join races with the removal, in either order', async () => {
      for (let round = 0; round < 40; round++) {
        const id = await added(`racer-${round}`, { userId: 'ada' });
        const join = () => harness.store.join(id, 'news');
        const remove = () => harness.store.remove(id);
        const [joined, removed] =
          round % 2 === 0
            ? await Promise.all([join(), remove()])
            : await Promise.all([remove(), join()]).then(([connection, result]) => [result, connection] as const);
        // Whoever won: the removal knows of every join that succeeded.
        expect(removed?.channels).toEqual(joined === 'joined' ? ['news'] : []);
        expect(['joined', 'unknown-connection']).toContain(joined);
        await expect(find(id)).resolves.toBeNull();
        await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
        await expect(channelCounts()).resolves.toEqual({});
      }
    });

    it('answers that the connection is unknown to a join that comes after the removal', async () => {
      const id = await added('a');
      await harness.store.remove(id);
      await expect(harness.store.join(id, 'news')).resolves.toBe('unknown-connection');
      await expect(collect(harness.store.members('news'))).resolves.toEqual([]);
    });

    it('admits exactly as many members as a channel may have, however many come at once', async () => {
      const ids = await addedMany(100);
      const answers = await Promise.all(ids.map((id) => harness.store.join(id, 'small', { maxMembers: 10 })));
      expect(answers.filter((answer) => answer === 'joined')).toHaveLength(10);
      expect(answers.filter((answer) => answer === 'full')).toHaveLength(90);
      await expect(collect(harness.store.members('small'))).resolves.toHaveLength(10);
    });

    it('has room again when a member left, and none for one who is in it already', async () => {
      const [first, second] = [await added('a'), await added('b')];
      await harness.store.join(first, 'small', { maxMembers: 1 });
      await expect(harness.store.join(first, 'small', { maxMembers: 1 })).resolves.toBe('already');
      await expect(harness.store.join(second, 'small', { maxMembers: 1 })).resolves.toBe('full');
      expect((await find(second))?.channels).toEqual([]);
      await harness.store.leave(first, 'small');
      await expect(harness.store.join(second, 'small', { maxMembers: 1 })).resolves.toBe('joined');
    });

    it('lets a connection into exactly as many channels as it may be in, however many it joins at once', async () => {
      const id = await added('a');
      const channels = Array.from({ length: 50 }, (_, index) => `channel-${index}`);
      const answers = await Promise.all(channels.map((channel) => harness.store.join(id, channel, { maxChannels: 7 })));
      expect(answers.filter((answer) => answer === 'joined')).toHaveLength(7);
      expect(answers.filter((answer) => answer === 'limit')).toHaveLength(43);
      expect((await find(id))?.channels).toHaveLength(7);
      expect(Object.keys(await channelCounts())).toHaveLength(7);
    });
  });
}
