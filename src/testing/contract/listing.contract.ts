import { deepEqual, equal, ok } from 'node:assert/strict';
import { partialEqual } from './partial.equal.js';
import { HOSTILE_NAMES, LONGEST_NAMES } from './hostile.names.js';
import type { Recipient } from '../../contracts/connection.store.js';
import { collect, EXPIRE_AFTER_MS, type StoreHarness } from './store.harness.js';

/** Lists of ids: of users, in pages, and under names that mean harm. */
export function listingContract(harness: StoreHarness): void {
  const { added, addedMany, connection, describe, find, it, onManualClock } = harness;

  describe('connectionsOfUser', () => {
    it('knows every connection of a user and no one else’s', async () => {
      const phone = await added('phone', { userId: 'ada' });
      const laptop = await added('laptop', { userId: 'ada' });
      await added('other', { userId: 'eve' });
      await added('anonymous');
      deepEqual((await harness.store.connectionsOfUser('ada')).toSorted(), [laptop, phone]);
      await harness.store.remove(phone);
      deepEqual(await harness.store.connectionsOfUser('ada'), [laptop]);
      deepEqual(await harness.store.connectionsOfUser('nobody'), []);
      deepEqual(await harness.store.connectionsOfUser('null'), []);
    });

    it('knows every one of many connections that one user opens at once', async () => {
      const ids = Array.from({ length: 200 }, (_, index) => String(index));
      await Promise.all(ids.map((id) => added(id, { userId: 'ada' })));
      equal((await harness.store.connectionsOfUser('ada')).length, 200);
    });
  });

  describe('pages', () => {
    it('holds at most 1,000 ids a page and misses none', async () => {
      const ids = await addedMany(2_100);
      await Promise.all(ids.map((id) => harness.store.join(id, 'news')));
      for (const pages of [
        harness.store.connections(),
        harness.store.members('news'),
        harness.store.staleBefore(harness.clock.now() + 1),
      ]) {
        const seen: string[] = [];
        for await (const page of pages) {
          ok(page.length <= 1_000);
          seen.push(...page);
        }
        deepEqual([...new Set(seen)].toSorted(), ids.toSorted());
      }
    });

    it('come to an end, and miss none, while what they list is removed, touched, left and joined', async () => {
      const ids = await addedMany(30);
      for (const id of ids) await harness.store.join(id, 'news');
      const touched: string[] = [];
      for await (const page of harness.store.connections()) {
        touched.push(...page);
        await Promise.all(page.map((id) => harness.store.touch(id, harness.clock.now() + 1)));
      }
      deepEqual(touched.toSorted(), ids.toSorted());
      const rejoined: string[] = [];
      for await (const page of harness.store.members('news')) {
        rejoined.push(...page);
        await Promise.all(page.map((id) => harness.store.leave(id, 'news')));
        await Promise.all(page.map((id) => harness.store.join(id, 'news')));
      }
      deepEqual(rejoined.toSorted(), ids.toSorted());
      for await (const page of harness.store.connections())
        await Promise.all(page.map((id) => harness.store.remove(id)));
      equal(await harness.store.countConnections(), 0);
    });
  });

  describe('recipients', () => {
    it('are all connections, or the members of a channel, with what it takes to reach them', async () => {
      const { connectedAt } = connection('');
      const endpoint = 'https://ws.example.com/chat';
      const near = { connectionId: await added('near', { endpoint: null }), connectedAt, endpoint: null };
      const far = { connectionId: await added('far', { endpoint }), connectedAt, endpoint };
      const aws = await added('aws');
      for (const id of [near.connectionId, aws]) await harness.store.join(id, 'news');
      const ofAws = { connectionId: aws, connectedAt, endpoint: connection('').endpoint };
      const byId = (recipients: readonly Recipient[]) =>
        recipients.toSorted((a, b) => (a.connectionId < b.connectionId ? -1 : 1)).map(essentials);
      deepEqual(byId(await collect(harness.store.recipients(null))), [ofAws, far, near]);
      deepEqual(byId(await collect(harness.store.recipients('news'))), [ofAws, near]);
      deepEqual(await collect(harness.store.recipients('nowhere')), []);
    });

    it('come at most 1,000 a page, and none is missed', async () => {
      const ids = await addedMany(1_100);
      await Promise.all(ids.map((id) => harness.store.join(id, 'news')));
      for (const channel of [null, 'news']) {
        const seen = new Set<string>();
        for await (const page of harness.store.recipients(channel)) {
          ok(page.length <= 1_000);
          for (const { connectionId } of page) seen.add(connectionId);
        }
        deepEqual([...seen].toSorted(), ids.toSorted());
      }
    });

    onManualClock('are no longer those that have left, ended or expired', async () => {
      const [left, ended, kept] = [await added('left'), await added('ended'), await added('kept')];
      for (const id of [left, ended, kept]) await harness.store.join(id, 'news');
      await harness.store.leave(left, 'news');
      await harness.store.remove(ended);
      const idsOf = async (channel: string | null) =>
        (await collect(harness.store.recipients(channel))).map(({ connectionId }) => connectionId).toSorted();
      deepEqual(await idsOf('news'), [kept]);
      deepEqual(await idsOf(null), [kept, left]);
      await harness.clock.advance(EXPIRE_AFTER_MS);
      deepEqual(await idsOf('news'), []);
      deepEqual(await idsOf(null), []);
    });
  });

  describe('names', () => {
    it('never mistakes one hostile name for another, as id, user or channel', async () => {
      for (const hostile of HOSTILE_NAMES) {
        equal(await harness.store.add({ ...connection(''), connectionId: hostile, userId: hostile }), true);
        equal(await harness.store.join(hostile, hostile), 'joined');
      }
      deepEqual((await collect(harness.store.connections())).toSorted(), HOSTILE_NAMES.toSorted());
      for (const hostile of HOSTILE_NAMES) {
        partialEqual(await find(hostile), { connectionId: hostile, userId: hostile });
        deepEqual(await collect(harness.store.members(hostile)), [hostile]);
        deepEqual(await harness.store.connectionsOfUser(hostile), [hostile]);
      }
      const counts = (await collect(harness.store.channels())).map(
        ({ channel, members }) => `${members} in ${channel}`,
      );
      deepEqual(counts.toSorted(), HOSTILE_NAMES.map((hostile) => `1 in ${hostile}`).toSorted());
    });

    it('removes a hostile name and nothing else', async () => {
      for (const hostile of HOSTILE_NAMES)
        await harness.store.add({ ...connection(''), connectionId: hostile, userId: 'u' });
      const left = new Set(HOSTILE_NAMES);
      for (const hostile of HOSTILE_NAMES) {
        partialEqual(await harness.store.remove(hostile), { connectionId: hostile });
        left.delete(hostile);
        deepEqual((await collect(harness.store.connections())).toSorted(), [...left].toSorted());
      }
    });

    it('takes the longest names there may be, and tells them apart by their last character', async () => {
      for (const { id, user, channel } of LONGEST_NAMES) {
        equal(await harness.store.add({ ...connection(''), connectionId: id, userId: user }), true);
        equal(await harness.store.join(id, channel), 'joined');
      }
      for (const { id, user, channel } of LONGEST_NAMES) {
        partialEqual(await find(id), { connectionId: id, userId: user, channels: [channel] });
        deepEqual(await harness.store.connectionsOfUser(user), [id]);
        deepEqual(await collect(harness.store.members(channel)), [id]);
      }
      deepEqual((await collect(harness.store.connections())).toSorted(), LONGEST_NAMES.map(({ id }) => id).sort());
      equal((await collect(harness.store.channels())).length, LONGEST_NAMES.length);
      for (const { id, channel } of LONGEST_NAMES) {
        partialEqual(await harness.store.remove(id), { connectionId: id, channels: [channel] });
        equal(await harness.store.ensure({ ...connection(''), connectionId: id }), 'removed');
      }
      equal(await harness.store.countConnections(), 0);
    });
  });
}

/** What is promised of a recipient; a store may know more. */
function essentials({ connectionId, connectedAt, endpoint }: Recipient): Recipient {
  return { connectionId, connectedAt, endpoint };
}
