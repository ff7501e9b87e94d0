import { describe, expect, it } from '@jest/globals';
import type { HistoryPage, StreamPosition } from '../../src/contracts/channel.history.js';
import { HOSTILE_NAMES, LONGEST_NAMES } from '../contract/hostile-names.js';
import type { LedgersHarness } from './ledgers.harness.js';

const NEWS = 'news';
const MAX_AGE_MS = 60_000;
const DAY_MS = 86_400_000;
const BOUNDS = { maxMessages: 10, maxAgeMs: MAX_AGE_MS };

/** The last messages of channels, numbered. */
export function channelHistoryContract(harness: LedgersHarness): void {
  const { history, otherHistory, either, callers } = harness;

  const append = (message: string, bounds = BOUNDS): Promise<StreamPosition> => history().append(NEWS, message, bounds);

  const appendMany = async (count: number, bounds = BOUNDS): Promise<StreamPosition[]> => {
    const positions: StreamPosition[] = [];
    for (let number = 1; number <= count; number++) positions.push(await append(`m${number}`, bounds));
    return positions;
  };

  const since = (position: StreamPosition, limit = 100): Promise<HistoryPage | null> =>
    otherHistory().since(NEWS, position, limit, MAX_AGE_MS);

  const last = (limit = 100): Promise<HistoryPage | null> => otherHistory().last(NEWS, limit, MAX_AGE_MS);

  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => ({ offset: from + index, message: `m${from + index}` }));

  describe('history', () => {
    harness.forEachTest();

    it('has nothing of a channel that has no stream', async () => {
      expect(await last()).toBeNull();
      expect(await since({ epoch: 'any', offset: 0 })).toBeNull();
    });

    it('numbers messages from 1, under one epoch', async () => {
      const positions = await appendMany(3);
      const { epoch } = positions[0] as StreamPosition;
      expect(epoch).toMatch(/^[\w-]{8,64}$/);
      expect(positions).toEqual([1, 2, 3].map((offset) => ({ epoch, offset })));
      expect(await last()).toEqual({ epoch, offset: 3, messages: numbered(1, 3) });
    });

    it('gives each channel an epoch of its own', async () => {
      const one = await append('m1');
      const another = await history().append('sport', 'm1', BOUNDS);
      expect(another.epoch).not.toBe(one.epoch);
      expect(another.offset).toBe(1);
    });

    it('gives exactly the messages behind a position', async () => {
      const [first, , third] = (await appendMany(5)) as [StreamPosition, StreamPosition, StreamPosition];
      const { epoch } = first;
      expect(await since(first)).toEqual({ epoch, offset: 5, messages: numbered(2, 5) });
      expect(await since(third)).toEqual({ epoch, offset: 5, messages: numbered(4, 5) });
      expect(await since({ epoch, offset: 5 })).toEqual({ epoch, offset: 5, messages: [] });
      expect(await since({ epoch, offset: 0 })).toEqual({ epoch, offset: 5, messages: numbered(1, 5) });
    });

    it('gives nothing behind a position of another stream, or one that is not reached yet', async () => {
      const { epoch } = (await appendMany(3))[2] as StreamPosition;
      expect(await since({ epoch: `${epoch}x`, offset: 2 })).toBeNull();
      expect(await since({ epoch: '', offset: 2 })).toBeNull();
      expect(await since({ epoch, offset: 4 })).toBeNull();
    });

    it('gives nothing behind a position that is none', async () => {
      const { epoch } = (await appendMany(3))[2] as StreamPosition;
      for (const offset of [-1, 0.5, 2.000_000_1, NaN, Infinity, -Infinity, 2 ** 53, 1e300])
        expect([offset, await since({ epoch, offset })]).toEqual([offset, null]);
    });

    it('gives nothing rather than a part of what is behind a position', async () => {
      const { epoch } = (await appendMany(12))[11] as StreamPosition;
      expect(await since({ epoch, offset: 1 })).toBeNull();
      expect(await since({ epoch, offset: 2 })).toEqual({ epoch, offset: 12, messages: numbered(3, 12) });
      expect(await since({ epoch, offset: 8 }, 3)).toBeNull();
      expect(await since({ epoch, offset: 9 }, 3)).toEqual({ epoch, offset: 12, messages: numbered(10, 12) });
      expect(await since({ epoch, offset: 12 }, 0)).toEqual({ epoch, offset: 12, messages: [] });
    });

    it('gives the last messages, no more than were asked for', async () => {
      const { epoch } = (await appendMany(12))[11] as StreamPosition;
      expect(await last()).toEqual({ epoch, offset: 12, messages: numbered(3, 12) });
      expect(await last(2)).toEqual({ epoch, offset: 12, messages: numbered(11, 12) });
      expect(await last(0)).toEqual({ epoch, offset: 12, messages: [] });
    });

    it('keeps no message longer than its age allows, and numbers on', async () => {
      const { epoch } = await append('m1');
      await harness.clock.advance(MAX_AGE_MS / 2);
      await append('m2');
      await harness.clock.advance(MAX_AGE_MS / 2 - 1);
      expect(await last()).toEqual({ epoch, offset: 2, messages: numbered(1, 2) });
      await harness.clock.advance(1);
      expect(await last()).toEqual({ epoch, offset: 2, messages: numbered(2, 2) });
      expect(await since({ epoch, offset: 0 })).toBeNull();
      expect(await since({ epoch, offset: 1 })).toEqual({ epoch, offset: 2, messages: numbered(2, 2) });
      await harness.clock.advance(MAX_AGE_MS);
      expect(await last()).toEqual({ epoch, offset: 2, messages: [] });
      expect(await since({ epoch, offset: 1 })).toBeNull();
      expect(await since({ epoch, offset: 2 })).toEqual({ epoch, offset: 2, messages: [] });
      expect(await append('m3')).toEqual({ epoch, offset: 3 });
      expect(await last()).toEqual({ epoch, offset: 3, messages: numbered(3, 3) });
    });

    it('numbers on for a day after the last message was forgotten, and starts another stream then', async () => {
      const { epoch } = await append('m1');
      await harness.clock.advance(MAX_AGE_MS + DAY_MS - 1);
      expect(await since({ epoch, offset: 1 })).toEqual({ epoch, offset: 1, messages: [] });
      await harness.clock.advance(1);
      expect(await last()).toBeNull();
      expect(await since({ epoch, offset: 1 })).toBeNull();
      const next = await append('m1');
      expect(next.offset).toBe(1);
      expect(next.epoch).not.toBe(epoch);
      expect(await since({ epoch, offset: 1 })).toBeNull();
      expect(await since({ epoch, offset: 0 })).toBeNull();
      expect(await last()).toEqual({ ...next, messages: numbered(1, 1) });
    });

    it('goes by the bounds of the last append', async () => {
      const { epoch } = (await appendMany(10))[9] as StreamPosition;
      await append('m11', { maxMessages: 3, maxAgeMs: MAX_AGE_MS });
      expect(await last()).toEqual({ epoch, offset: 11, messages: numbered(9, 11) });
      await append('m12', { maxMessages: 5, maxAgeMs: MAX_AGE_MS });
      expect(await last()).toEqual({ epoch, offset: 12, messages: numbered(9, 12) });
    });

    it('may keep nothing but the last message', async () => {
      const { epoch } = (await appendMany(3, { maxMessages: 1, maxAgeMs: MAX_AGE_MS }))[2] as StreamPosition;
      expect(await last()).toEqual({ epoch, offset: 3, messages: numbered(3, 3) });
    });

    it('numbers messages of many processes at once without a gap or a double, and all see the same', async () => {
      const positions = await Promise.all(
        Array.from({ length: callers }, (_, index) =>
          either(index, history, otherHistory).append(NEWS, `by ${index}`, { ...BOUNDS, maxMessages: callers }),
        ),
      );
      expect(new Set(positions.map(({ epoch }) => epoch)).size).toBe(1);
      expect(positions.map(({ offset }) => offset).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: callers }, (_, index) => index + 1),
      );
      const kept = await last(callers);
      expect(kept?.messages.map(({ offset, message }) => [offset, message])).toEqual(
        positions.map(({ offset }, index) => [offset, `by ${index}`] as const).toSorted(([a], [b]) => a - b),
      );
    });

    it('gives a reader no gap while others append', async () => {
      const { epoch } = await append('m1');
      let position = 1;
      const seen: string[] = [];
      let isOver = false;
      const bounds = { ...BOUNDS, maxMessages: 2 * callers };
      const writers = Promise.all(Array.from({ length: callers }, (_, index) => append(`by ${index}`, bounds)));
      void writers.then(() => (isOver = true));
      for (let isLast = false; ; isLast = isOver) {
        const page = await since({ epoch, offset: position }, 2 * callers);
        for (const { offset, message } of page?.messages ?? []) {
          expect(offset).toBe(++position);
          seen.push(message);
        }
        if (isLast) break;
      }
      expect(seen.toSorted()).toEqual(Array.from({ length: callers }, (_, index) => `by ${index}`).toSorted());
    });

    it('keeps messages as they are', async () => {
      const messages = ['', ' ', '{"a":1}', 'a\0b\r\n', 'é 👋🏽', '12 34', '"', 'x'.repeat(100_000)];
      for (const message of messages) await append(message);
      expect((await last())?.messages.map(({ message }) => message)).toEqual(messages);
    });

    it('takes no name for another', async () => {
      const channels = [...HOSTILE_NAMES, ...LONGEST_NAMES.map(({ channel }) => channel)];
      for (const name of channels) expect(await history().append(name, name, BOUNDS)).toMatchObject({ offset: 1 });
      for (const name of channels) {
        const page = await otherHistory().last(name, 10, MAX_AGE_MS);
        expect(page?.messages).toEqual([{ offset: 1, message: name }]);
      }
    });
  });
}
