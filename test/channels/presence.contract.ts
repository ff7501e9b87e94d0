import { describe, expect, it } from '@jest/globals';
import { HOSTILE_NAMES, LONGEST_NAMES } from '../contract/hostile-names.js';
import { collect } from '../contract/store.harness.js';
import type { LedgersHarness } from './ledgers.harness.js';

const LOBBY = 'presence-lobby';

/** Who is in a channel, counted by member. */
export function presenceContract(harness: LedgersHarness): void {
  const { presence, otherPresence, joined, enter, exit, entries, memberIds, either, callers } = harness;

  describe('presence', () => {
    harness.forEachTest();

    it('knows of nobody in a channel that nobody entered', async () => {
      expect(await entries(LOBBY)).toEqual([]);
      expect(await presence().count(LOBBY)).toBe(0);
      expect(await exit(LOBBY, 'a1', 'ada')).toBe('absent');
    });

    it('lets a member appear with the first connection and vanish with the last', async () => {
      await joined('a1', LOBBY);
      await joined('a2', LOBBY);
      expect(await enter(LOBBY, 'a1', 'ada')).toBe('appeared');
      expect(await otherPresence().enter(LOBBY, 'a2', { memberId: 'ada', info: '{}' })).toBe('present');
      expect(await presence().count(LOBBY)).toBe(1);
      expect(await exit(LOBBY, 'a1', 'ada')).toBe('present');
      expect(await memberIds(LOBBY)).toEqual(['ada']);
      expect(await exit(LOBBY, 'a2', 'ada')).toBe('vanished');
      expect(await entries(LOBBY)).toEqual([]);
      expect(await presence().count(LOBBY)).toBe(0);
    });

    it('counts a connection once that enters twice, and out once that exits twice', async () => {
      await joined('a1', LOBBY);
      expect(await enter(LOBBY, 'a1', 'ada')).toBe('appeared');
      expect(await enter(LOBBY, 'a1', 'ada')).toBe('present');
      expect(await exit(LOBBY, 'a1', 'ada')).toBe('vanished');
      expect(await exit(LOBBY, 'a1', 'ada')).toBe('absent');
      expect(await enter(LOBBY, 'a1', 'ada')).toBe('appeared');
    });

    it('leaves a member there when a connection exits by which they were not', async () => {
      await joined('a1', LOBBY);
      await joined('a2', LOBBY);
      await enter(LOBBY, 'a1', 'ada');
      expect(await exit(LOBBY, 'a2', 'ada')).toBe('absent');
      expect(await exit(LOBBY, 'a1', 'bob')).toBe('absent');
      expect(await memberIds(LOBBY)).toEqual(['ada']);
    });

    it('lets nobody in by a connection that is unknown, gone or in another channel', async () => {
      await joined('elsewhere', 'presence-other');
      await joined('gone', LOBBY);
      await harness.store.remove('gone');
      await joined('left', LOBBY);
      await harness.store.leave('left', LOBBY);
      for (const connectionId of ['unknown', 'elsewhere', 'gone', 'left'])
        expect([connectionId, await enter(LOBBY, connectionId, 'ada')]).toEqual([connectionId, 'not-in-channel']);
      expect(await entries(LOBBY)).toEqual([]);
      expect(await presence().count(LOBBY)).toBe(0);
    });

    it('keeps what is known of a member who is there when a connection brings no info, and knows nothing of another', async () => {
      for (const id of ['a1', 'a2']) await joined(id, LOBBY);
      await enter(LOBBY, 'a1', 'ada', '"known"');
      for (const id of ['a1', 'a2'])
        expect(await presence().enter(LOBBY, id, { memberId: 'ada', info: null })).toBe('present');
      expect(await entries(LOBBY)).toEqual([{ memberId: 'ada', info: '"known"' }]);
      for (const id of ['a1', 'a2']) await exit(LOBBY, id, 'ada');
      expect(await presence().enter(LOBBY, 'a1', { memberId: 'ada', info: null })).toBe('appeared');
      expect(await entries(LOBBY)).toEqual([{ memberId: 'ada', info: '' }]);
      await joined('b1', LOBBY);
      await enter(LOBBY, 'b1', 'bob', '"gone"');
      await harness.store.remove('b1');
      await joined('b2', LOBBY);
      expect(await presence().enter(LOBBY, 'b2', { memberId: 'bob', info: null })).toBe('appeared');
      expect(await entries(LOBBY)).toEqual([
        { memberId: 'ada', info: '' },
        { memberId: 'bob', info: '' },
      ]);
    });

    it('shows the info that came last, as it was given', async () => {
      const infos = ['{"name":"Ada"}', '"\\u0000 \\n é 👋🏽"', `{"about":"${'x'.repeat(2_000)}"}`, ''];
      await joined('a1', LOBBY);
      await joined('a2', LOBBY);
      for (const [index, info] of infos.entries()) {
        await enter(LOBBY, `a${1 + (index % 2)}`, 'ada', info);
        expect(await entries(LOBBY)).toEqual([{ memberId: 'ada', info }]);
      }
    });

    it('keeps showing the info when another connection of the member exits', async () => {
      await joined('a1', LOBBY);
      await joined('a2', LOBBY);
      await enter(LOBBY, 'a1', 'ada', '1');
      await enter(LOBBY, 'a2', 'ada', '2');
      await exit(LOBBY, 'a2', 'ada');
      expect(await entries(LOBBY)).toEqual([{ memberId: 'ada', info: '2' }]);
    });

    it('shows nobody whose connections all ended or left without an exit, and lets them appear again', async () => {
      await joined('a1', LOBBY);
      await joined('a2', LOBBY);
      await joined('b1', LOBBY);
      for (const [id, member] of [
        ['a1', 'ada'],
        ['a2', 'ada'],
        ['b1', 'bob'],
      ] as const)
        await enter(LOBBY, id, member);
      await harness.store.remove('a1');
      expect(await memberIds(LOBBY)).toEqual(['ada', 'bob']);
      await harness.store.leave('a2', LOBBY);
      expect(await memberIds(LOBBY)).toEqual(['bob']);
      expect(await presence().count(LOBBY)).toBe(1);
      await joined('a3', LOBBY);
      expect(await enter(LOBBY, 'a3', 'ada')).toBe('appeared');
      expect(await memberIds(LOBBY)).toEqual(['ada', 'bob']);
      expect(await presence().count(LOBBY)).toBe(2);
    });

    it('says that a member vanished when the exit comes after the end, also if somebody looked in between', async () => {
      await joined('a1', LOBBY);
      await enter(LOBBY, 'a1', 'ada');
      await harness.store.remove('a1');
      expect(await entries(LOBBY)).toEqual([]);
      expect(await presence().count(LOBBY)).toBe(0);
      expect(await exit(LOBBY, 'a1', 'ada')).toBe('vanished');
      expect(await exit(LOBBY, 'a1', 'ada')).toBe('absent');
    });

    it('says that a member vanished with the last exit that means something, whatever crashed before', async () => {
      for (const id of ['a1', 'a2', 'a3']) {
        await joined(id, LOBBY);
        await enter(LOBBY, id, 'ada');
      }
      await harness.store.remove('a1');
      expect(await exit(LOBBY, 'a2', 'ada')).toBe('present');
      await harness.store.leave('a3', LOBBY);
      expect(await exit(LOBBY, 'a3', 'ada')).toBe('vanished');
      expect(await exit(LOBBY, 'a1', 'ada')).toBe('absent');
    });

    it('does not show a member again who comes back to the channel and has not entered', async () => {
      await joined('a1', LOBBY);
      await enter(LOBBY, 'a1', 'ada');
      await harness.store.leave('a1', LOBBY);
      await exit(LOBBY, 'a1', 'ada');
      await harness.store.join('a1', LOBBY);
      expect(await entries(LOBBY)).toEqual([]);
      expect(await presence().count(LOBBY)).toBe(0);
      expect(await enter(LOBBY, 'a1', 'ada')).toBe('appeared');
    });

    it('neither shows nor counts anybody whose connection has expired, and lets them appear again', async () => {
      const asked = {
        list: () => entries('list').then((found) => found.length),
        count: () => presence().count('count'),
        enter: () => joined('a2', 'enter').then(() => enter('enter', 'a2', 'ada')),
      };
      for (const channel of Object.keys(asked)) {
        await joined(`a1-${channel}`, channel);
        await enter(channel, `a1-${channel}`, 'ada');
        // 25 hours are the longest that a store remembers a connection unless it is told otherwise.
        await harness.clock.advance(90_000_000);
        expect(await asked[channel as keyof typeof asked]()).toBe(channel === 'enter' ? 'appeared' : 0);
      }
    });

    it('keeps channels apart', async () => {
      await joined('a1', LOBBY, 'presence-other');
      await enter(LOBBY, 'a1', 'ada', '1');
      expect(await enter('presence-other', 'a1', 'ada', '2')).toBe('appeared');
      await exit(LOBBY, 'a1', 'ada');
      expect(await entries('presence-other')).toEqual([{ memberId: 'ada', info: '2' }]);
    });

    it('lets one of many connections of a member that enter at once be the first, and one be the last', async () => {
      const ids = Array.from({ length: callers }, (_, index) => `a${index}`);
      await Promise.all(ids.map((id) => joined(id, LOBBY)));
      const entry = { memberId: 'ada', info: '{}' };
      const entered = await Promise.all(
        ids.map((id, index) => either(index, presence, otherPresence).enter(LOBBY, id, entry)),
      );
      expect(entered.filter((result) => result === 'appeared')).toHaveLength(1);
      expect(await presence().count(LOBBY)).toBe(1);
      const exited = await Promise.all(
        ids.map((id, index) => either(index, presence, otherPresence).exit(LOBBY, id, 'ada')),
      );
      expect(exited.filter((result) => result === 'vanished')).toHaveLength(1);
      expect(exited.filter((result) => result === 'present')).toHaveLength(callers - 1);
      expect(await presence().count(LOBBY)).toBe(0);
    });

    it('lets no member stay that entered while its connection was leaving', async () => {
      const ids = Array.from({ length: callers }, (_, index) => `a${index}`);
      await Promise.all(ids.map((id) => joined(id, LOBBY)));
      const results = await Promise.all(
        ids.map(async (id, index) => {
          const entering = either(index, presence, otherPresence).enter(LOBBY, id, { memberId: id, info: '' });
          const leaving = turns(index)
            .then(() => harness.store.leave(id, LOBBY))
            .then(() => exit(LOBBY, id, id));
          return [await entering, await leaving].join(' ');
        }),
      );
      // After an exit that found nothing, an enter that comes through finds the connection out of the channel.
      expect(results.filter((result) => result === 'appeared absent')).toEqual([]);
      expect(await presence().count(LOBBY)).toBe(0);
    });

    it('counts nobody who entered while the connection was leaving, also without an exit', async () => {
      const ids = Array.from({ length: callers }, (_, index) => `a${index}`);
      await Promise.all(ids.map((id) => joined(id, LOBBY)));
      await Promise.all(
        ids.flatMap((id, index) => [
          either(index, presence, otherPresence).enter(LOBBY, id, { memberId: id, info: '' }),
          turns(index).then(() => harness.store.leave(id, LOBBY)),
        ]),
      );
      expect(await presence().count(LOBBY)).toBe(0);
      expect(await entries(LOBBY)).toEqual([]);
    });

    it('lists a large channel page by page, everybody once, and counts it', async () => {
      const { members: size } = harness;
      const ids = Array.from({ length: size }, (_, index) => `c${index}`);
      for (let start = 0; start < size; start += callers)
        await Promise.all(
          ids.slice(start, start + callers).map(async (id) => {
            await joined(id, LOBBY);
            await enter(LOBBY, id, `m-${id}`, `"${id}"`);
          }),
        );
      const pages: string[][] = [];
      for await (const page of presence().members(LOBBY)) pages.push(page.map(({ memberId }) => memberId));
      expect(pages.length).toBeGreaterThan(1);
      for (const page of pages) expect(new Set(page).size).toBe(page.length);
      expect(new Set(pages.flat())).toEqual(new Set(ids.map((id) => `m-${id}`)));
      expect(await presence().count(LOBBY)).toBe(size);
    });

    it('lists a member once who has more connections than a page', async () => {
      const ids = Array.from({ length: harness.members / 4 }, (_, index) => `a${index}`);
      await Promise.all(
        ids.map(async (id) => {
          await joined(id, LOBBY);
          await enter(LOBBY, id, 'ada');
        }),
      );
      await joined('b1', LOBBY);
      await enter(LOBBY, 'b1', 'bob');
      expect(await memberIds(LOBBY)).toEqual(['ada', 'bob']);
      expect(await presence().count(LOBBY)).toBe(2);
    });

    it('takes no name for another', async () => {
      await Promise.all(HOSTILE_NAMES.map((name) => joined(`c-${name}`, name)));
      await joined('everywhere', ...HOSTILE_NAMES);
      for (const name of HOSTILE_NAMES) {
        expect([name, await enter(name, `c-${name}`, name, name)]).toEqual([name, 'appeared']);
      }
      for (const name of HOSTILE_NAMES) {
        expect(await collect(presence().members(name))).toEqual([{ memberId: name, info: name }]);
        expect([name, await enter(name, 'everywhere', name, name)]).toEqual([name, 'present']);
        expect([name, await exit(name, `c-${name}`, name)]).toEqual([name, 'present']);
        expect([name, await exit(name, 'everywhere', name)]).toEqual([name, 'vanished']);
      }
    });

    it('keeps members apart whose names are alike', async () => {
      await Promise.all(HOSTILE_NAMES.map((name) => joined(`c-${name}`, LOBBY)));
      for (const name of HOSTILE_NAMES)
        expect([name, await enter(LOBBY, `c-${name}`, name, name)]).toEqual([name, 'appeared']);
      expect(await presence().count(LOBBY)).toBe(HOSTILE_NAMES.length);
      expect(new Set(await memberIds(LOBBY))).toEqual(new Set(HOSTILE_NAMES));
    });

    it('takes the longest names', async () => {
      for (const { id, user, channel } of LONGEST_NAMES) {
        await joined(id, channel);
        expect(await enter(channel, id, user, '{}')).toBe('appeared');
        expect(await entries(channel)).toEqual([{ memberId: user, info: '{}' }]);
        expect(await exit(channel, id, user)).toBe('vanished');
      }
    });
  });
}

/** Some turns, of promises or of the event loop: different ones for each of many, so that steps meet in any order. */
async function turns(index: number): Promise<void> {
  for (let turn = index % 24; turn > 0; turn--)
    await (index % 2 === 0 ? undefined : new Promise((resolve) => setImmediate(resolve)));
}
