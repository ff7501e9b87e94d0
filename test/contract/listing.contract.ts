import { describe, expect, it } from '@jest/globals';
import { HOSTILE_NAMES, LONGEST_NAMES } from './hostile-names.js';
import type { Recipient } from '../../src/contracts/connection.store.js';
import { collect, EXPIRE_AFTER_MS, type StoreHarness } from './store.harness.js';

/** Lists of ids: of users, in pages, and under names that mean harm. */
export function listingContract(harness: StoreHarness): void {
  const { added, addedMany, connection, find, onManualClock } = harness;

  describe('connectionsOfUser', () => {
    it('knows every connection of a user and no one else’s', async () => {
      const phone = await added('phone', { userId: 'ada' });
      const laptop = await added('laptop', { userId: 'ada' });
      await added('other', { userId: 'eve' });
      await added('anonymous');
      expect((await harness.store.connectionsOfUser('ada')).toSorted()).toEqual([laptop, phone]);
      await harness.store.remove(phone);
      await expect(harness.store.connectionsOfUser('ada')).resolves.toEqual([laptop]);
      await expect(harness.store.connectionsOfUser('nobody')).resolves.toEqual([]);
      await expect(harness.store.connectionsOfUser('null')).resolves.toEqual([]);
    });

    it('knows every one of many connections that one user opens at once', async () => {
      const ids = Array.from({ length: 200 }, (_, index) => String(index));
      await Promise.all(ids.map((id) => added(id, { userId: 'ada' })));
      await expect(harness.store.connectionsOfUser('ada')).resolves.toHaveLength(200);
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
          expect(page.length).toBeLessThanOrEqual(1_000);
          seen.push(...page);
        }
        expect([...new Set(seen)].toSorted()).toEqual(ids.toSorted());
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
      expect(touched.toSorted()).toEqual(ids.toSorted());
      const rejoined: string[] = [];
      for await (const page of harness.store.members('news')) {
        rejoined.push(...page);
        await Promise.all(page.map((id) => harness.store.leave(id, 'news')));
        await Promise.all(page.map((id) => harness.store.join(id, 'news')));
      }
      expect(rejoined.toSorted()).toEqual(ids.toSorted());
      for await (const page of harness.store.connections())
        await Promise.all(page.map((id) => harness.store.remove(id)));
      await expect(harness.store.countConnections()).resolves.toBe(0);
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
      expect(byId(await collect(harness.store.recipients(null)))).toEqual([ofAws, far, near]);
      expect(byId(await collect(harness.store.recipients('news')))).toEqual([ofAws, near]);
      await expect(collect(harness.store.recipients('nowhere'))).resolves.toEqual([]);
    });

    it('come at most 1,000 a page, and none is missed', async () => {
      const ids = await addedMany(1_100);
      await Promise.all(ids.map((id) => harness.store.join(id, 'news')));
      for (const channel of [null, 'news']) {
        const seen = new Set<string>();
        for await (const page of harness.store.recipients(channel)) {
          expect(page.length).toBeLessThanOrEqual(1_000);
          for (const { connectionId } of page) seen.add(connectionId);
        }
        expect([...seen].toSorted()).toEqual(ids.toSorted());
      }
    });

    onManualClock('are no longer those that have left, ended or expired', async () => {
      const [left, ended, kept] = [await added('left'), await added('ended'), await added('kept')];
      for (const id of [left, ended, kept]) await harness.store.join(id, 'news');
      await harness.store.leave(left, 'news');
      await harness.store.remove(ended);
      const idsOf = async (channel: string | null) =>
        (await collect(harness.store.recipients(channel))).map(({ connectionId }) => connectionId).toSorted();
      await expect(idsOf('news')).resolves.toEqual([kept]);
      await expect(idsOf(null)).resolves.toEqual([kept, left]);
      await harness.clock.advance(EXPIRE_AFTER_MS);
      await expect(idsOf('news')).resolves.toEqual([]);
      await expect(idsOf(null)).resolves.toEqual([]);
    });
  });

  describe('names', () => {
    it('never mistakes one hostile name for another, as id, user or channel', async () => {
      for (const hostile of HOSTILE_NAMES) {
        await expect(harness.store.add({ ...connection(''), connectionId: hostile, userId: hostile })).resolves.toBe(
          true,
        );
        await expect(harness.store.join(hostile, hostile)).resolves.toBe('joined');
      }
      expect((await collect(harness.store.connections())).toSorted()).toEqual(HOSTILE_NAMES.toSorted());
      for (const hostile of HOSTILE_NAMES) {
        await expect(find(hostile)).resolves.toMatchObject({ connectionId: hostile, userId: hostile });
        await expect(collect(harness.store.members(hostile))).resolves.toEqual([hostile]);
        await expect(harness.store.connectionsOfUser(hostile)).resolves.toEqual([hostile]);
      }
      const counts = (await collect(harness.store.channels())).map(
        ({ channel, members }) => `${members} in ${channel}`,
      );
      expect(counts.toSorted()).toEqual(HOSTILE_NAMES.map((hostile) => `1 in ${hostile}`).toSorted());
    });

    it('removes a hostile name and nothing else', async () => {
      for (const hostile of HOSTILE_NAMES)
        await harness.store.add({ ...connection(''), connectionId: hostile, userId: 'u' });
      const left = new Set(HOSTILE_NAMES);
      for (const hostile of HOSTILE_NAMES) {
        await expect(harness.store.remove(hostile)).resolves.toMatchObject({ connectionId: hostile });
        left.delete(hostile);
        expect((await collect(harness.store.connections())).toSorted()).toEqual([...left].toSorted());
      }
    });

    it('takes the longest names there may be, and tells them apart by their last character', async () => {
      for (const { id, user, channel } of LONGEST_NAMES) {
        await expect(harness.store.add({ ...connection(''), connectionId: id, userId: user })).resolves.toBe(true);
        await expect(harness.store.join(id, channel)).resolves.toBe('joined');
      }
      for (const { id, user, channel } of LONGEST_NAMES) {
        await expect(find(id)).resolves.toMatchObject({ connectionId: id, userId: user, channels: [channel] });
        await expect(harness.store.connectionsOfUser(user)).resolves.toEqual([id]);
        await expect(collect(harness.store.members(channel))).resolves.toEqual([id]);
      }
      expect((await collect(harness.store.connections())).toSorted()).toEqual(LONGEST_NAMES.map(({ id }) => id).sort());
      expect(await collect(harness.store.channels())).toHaveLength(LONGEST_NAMES.length);
      for (const { id, channel } of LONGEST_NAMES) {
        await expect(harness.store.remove(id)).resolves.toMatchObject({ connectionId: id, channels: [channel] });
        await expect(harness.store.ensure({ ...connection(''), connectionId: id })).resolves.toBe('removed');
      }
      await expect(harness.store.countConnections()).resolves.toBe(0);
    });
  });
}

/** What is promised of a recipient; a store may know more. */
function essentials({ connectionId, connectedAt, endpoint }: Recipient): Recipient {
  return { connectionId, connectedAt, endpoint };
}
