import { deepEqual, equal, ok } from 'node:assert/strict';
import { collect, type StoreHarness } from './store.harness.js';

/** Who is in which channel, and how many may be. */
export function membershipContract(harness: StoreHarness): void {
  const { added, addedMany, channelCounts, concurrency, describe, find, it } = harness;

  describe('join, leave, members, channels', () => {
    it('makes a connection a member, in its record and in the channel', async () => {
      const id = await added('a');
      equal(await harness.store.join(id, 'news'), 'joined');
      deepEqual((await find(id))?.channels, ['news']);
      deepEqual(await collect(harness.store.members('news')), [id]);
      deepEqual(await channelCounts(), { news: 1 });
    });

    it('lists a connection once that joins twice', async () => {
      const id = await added('a');
      await harness.store.join(id, 'news');
      equal(await harness.store.join(id, 'news'), 'already');
      deepEqual(await collect(harness.store.members('news')), [id]);
      deepEqual((await find(id))?.channels, ['news']);
    });

    it('tells one of many callers who join the same connection that it joined', async () => {
      const id = await added('a');
      const answers = await Promise.all(Array.from({ length: 50 }, () => harness.store.join(id, 'news')));
      equal(answers.filter((answer) => answer === 'joined').length, 1);
      equal(answers.filter((answer) => answer === 'already').length, 49);
      deepEqual((await find(id))?.channels, ['news']);
    });

    it('changes nothing for a connection that is not there', async () => {
      equal(await harness.store.join(`${harness.scope}-nobody`, 'news'), 'unknown-connection');
      equal(await harness.store.leave(`${harness.scope}-nobody`, 'news'), 'unknown-connection');
      deepEqual(await collect(harness.store.members('news')), []);
      deepEqual(await channelCounts(), {});
    });

    it('takes a connection out of one channel and leaves it in the others', async () => {
      const id = await added('a');
      const other = await added('b');
      for (const channel of ['news', 'sport']) await harness.store.join(id, channel);
      await harness.store.join(other, 'news');
      equal(await harness.store.leave(id, 'news'), 'left');
      deepEqual((await find(id))?.channels, ['sport']);
      deepEqual(await collect(harness.store.members('news')), [other]);
      deepEqual(await channelCounts(), { news: 1, sport: 1 });
    });

    it('says so when a connection leaves a channel that it never joined', async () => {
      const id = await added('a');
      const other = await added('b');
      await harness.store.join(other, 'news');
      equal(await harness.store.leave(id, 'news'), 'not-a-member');
      equal(await harness.store.leave(id, 'nowhere'), 'not-a-member');
      deepEqual(await channelCounts(), { news: 1 });
    });

    it('forgets a channel whose last member left or ended', async () => {
      const leaver = await added('a');
      const ender = await added('b');
      for (const id of [leaver, ender]) await harness.store.join(id, 'news');
      await harness.store.leave(leaver, 'news');
      deepEqual(await channelCounts(), { news: 1 });
      await harness.store.remove(ender);
      deepEqual(await channelCounts(), {});
      deepEqual(await collect(harness.store.members('news')), []);
    });

    it('counts a channel right while its last member leaves and another joins', async () => {
      const first = await added('a');
      const second = await added('b');
      for (let round = 0; round < 20; round++) {
        const channel = `news-${round}`;
        await harness.store.join(first, channel);
        await Promise.all([harness.store.leave(first, channel), harness.store.join(second, channel)]);
        equal((await channelCounts())[channel], 1);
      }
    });

    it('lists every one of many members that joined at once', async () => {
      const ids = await addedMany(concurrency / 4);
      await Promise.all(ids.map((id) => harness.store.join(id, 'news')));
      deepEqual((await collect(harness.store.members('news'))).toSorted(), ids.toSorted());
      deepEqual(await channelCounts(), { news: ids.length });
    });

    it('keeps every one of many channels that one connection joins at once', async () => {
      const id = await added('a');
      const channels = Array.from({ length: 100 }, (_, index) => `channel-${index}`);
      await Promise.all(channels.map((channel) => harness.store.join(id, channel)));
      deepEqual((await find(id))?.channels.toSorted(), channels.toSorted());
      deepEqual(Object.keys(await channelCounts()).toSorted(), channels.toSorted());
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
        deepEqual(removed?.channels, joined === 'joined' ? ['news'] : []);
        ok(['joined', 'unknown-connection'].includes(joined));
        equal(await find(id), null);
        deepEqual(await collect(harness.store.members('news')), []);
        deepEqual(await channelCounts(), {});
      }
    });

    it('answers that the connection is unknown to a join that comes after the removal', async () => {
      const id = await added('a');
      await harness.store.remove(id);
      equal(await harness.store.join(id, 'news'), 'unknown-connection');
      deepEqual(await collect(harness.store.members('news')), []);
    });

    it('admits exactly as many members as a channel may have, however many come at once', async () => {
      const ids = await addedMany(100);
      const answers = await Promise.all(ids.map((id) => harness.store.join(id, 'small', { maxMembers: 10 })));
      equal(answers.filter((answer) => answer === 'joined').length, 10);
      equal(answers.filter((answer) => answer === 'full').length, 90);
      equal((await collect(harness.store.members('small'))).length, 10);
    });

    it('has room again when a member left, and none for one who is in it already', async () => {
      const [first, second] = [await added('a'), await added('b')];
      await harness.store.join(first, 'small', { maxMembers: 1 });
      equal(await harness.store.join(first, 'small', { maxMembers: 1 }), 'already');
      equal(await harness.store.join(second, 'small', { maxMembers: 1 }), 'full');
      deepEqual((await find(second))?.channels, []);
      await harness.store.leave(first, 'small');
      equal(await harness.store.join(second, 'small', { maxMembers: 1 }), 'joined');
    });

    it('lets a connection into exactly as many channels as it may be in, however many it joins at once', async () => {
      const id = await added('a');
      const channels = Array.from({ length: 50 }, (_, index) => `channel-${index}`);
      const answers = await Promise.all(channels.map((channel) => harness.store.join(id, channel, { maxChannels: 7 })));
      equal(answers.filter((answer) => answer === 'joined').length, 7);
      equal(answers.filter((answer) => answer === 'limit').length, 43);
      equal((await find(id))?.channels.length, 7);
      equal(Object.keys(await channelCounts()).length, 7);
    });
  });
}
