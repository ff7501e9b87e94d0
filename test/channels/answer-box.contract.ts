import { describe, expect, it } from '@jest/globals';
import type { AnswerResult } from '../../src/contracts/answer.box.js';
import { HOSTILE_NAMES } from '../contract/hostile-names.js';
import type { LedgersHarness } from './ledgers.harness.js';

const TTL_MS = 5_000;
const Q = 'q1';

/** Where the answers of clients come together. */
export function answerBoxContract(harness: LedgersHarness): void {
  const { answers, otherAnswers, either, callers } = harness;

  const put = (connectionId: string, answer = `"${connectionId}"`, question = Q): Promise<AnswerResult> =>
    otherAnswers().put(question, { connectionId, answer });

  describe('answers', () => {
    harness.forEachTest();

    it('are taken for questions that were asked, and for no others', async () => {
      expect(await put('a')).toBe('closed');
      expect(await answers().read(Q, 0)).toEqual([]);
      await answers().open(Q, TTL_MS);
      expect(await answers().read(Q, 0)).toEqual([]);
      expect(await put('a')).toBe('taken');
      expect(await put('a', '1', 'q2')).toBe('closed');
      expect(await answers().read(Q, 0)).toEqual([{ connectionId: 'a', answer: '"a"' }]);
    });

    it('count once for each connection: the first', async () => {
      await answers().open(Q, TTL_MS);
      expect(await put('a', '1')).toBe('taken');
      expect(await put('b', '1')).toBe('taken');
      expect(await put('a', '2')).toBe('again');
      expect(await answers().read(Q, 0)).toEqual([
        { connectionId: 'a', answer: '1' },
        { connectionId: 'b', answer: '1' },
      ]);
    });

    it('come in the order in which they were put, from any one on', async () => {
      await answers().open(Q, TTL_MS);
      const ids = Array.from({ length: 20 }, (_, index) => `c${(index * 7) % 20}`);
      for (const id of ids) await put(id);
      for (const from of [0, 1, 19, 20, 21, 1_000])
        expect((await answers().read(Q, from)).map(({ connectionId }) => connectionId)).toEqual(ids.slice(from));
    });

    it('are all there, each once, when many are put at once', async () => {
      await answers().open(Q, TTL_MS);
      const ids = Array.from({ length: callers }, (_, index) => `c${index}`);
      const results = await Promise.all(
        [...ids, ...ids].map((connectionId, index) =>
          either(index, answers, otherAnswers).put(Q, { connectionId, answer: String(index) }),
        ),
      );
      expect(results.filter((result) => result === 'taken')).toHaveLength(callers);
      expect(results.filter((result) => result === 'again')).toHaveLength(callers);
      const read = await answers().read(Q, 0);
      expect(read.map(({ connectionId }) => connectionId).toSorted()).toEqual(ids.toSorted());
      // What was read once stays where it is.
      expect(await otherAnswers().read(Q, 3)).toEqual(read.slice(3));
    });

    it('are all read when there are many', async () => {
      await answers().open(Q, TTL_MS);
      const { members } = harness;
      for (let start = 0; start < members; start += callers)
        await Promise.all(
          Array.from({ length: Math.min(callers, members - start) }, (_, index) => put(`c${start + index}`)),
        );
      const all = await answers().read(Q, 0);
      expect(new Set(all.map(({ connectionId }) => connectionId)).size).toBe(members);
      expect(await answers().read(Q, members - 10)).toEqual(all.slice(-10));
    });

    it('are forgotten when the question is closed', async () => {
      await answers().open(Q, TTL_MS);
      await put('a');
      await otherAnswers().close(Q);
      await otherAnswers().close(Q);
      expect(await put('b')).toBe('closed');
      expect(await answers().read(Q, 0)).toEqual([]);
      await answers().open(Q, TTL_MS);
      expect(await answers().read(Q, 0)).toEqual([]);
      expect(await put('a')).toBe('taken');
    });

    it('are taken no longer than was said', async () => {
      await answers().open(Q, TTL_MS);
      await harness.clock.advance(TTL_MS - 1);
      expect(await put('a')).toBe('taken');
      await harness.clock.advance(1);
      expect(await put('b')).toBe('closed');
      expect(await answers().read(Q, 0)).toEqual([]);
      await answers().open(Q, TTL_MS);
      expect(await answers().read(Q, 0)).toEqual([]);
      expect(await put('a')).toBe('taken');
    });

    it('stay when the same question is opened again, which takes answers for longer', async () => {
      await answers().open(Q, TTL_MS);
      await put('a');
      await harness.clock.advance(TTL_MS - 1);
      await answers().open(Q, TTL_MS);
      await harness.clock.advance(TTL_MS - 1);
      expect(await put('b')).toBe('taken');
      expect((await answers().read(Q, 0)).map(({ connectionId }) => connectionId)).toEqual(['a', 'b']);
    });

    it('are kept as they are, and apart', async () => {
      for (const name of HOSTILE_NAMES) await answers().open(name, TTL_MS);
      const ids = (name: string) => ['first', name, `${name} `];
      for (const name of HOSTILE_NAMES)
        for (const id of ids(name)) expect([name, id, await put(id, name, name)]).toEqual([name, id, 'taken']);
      for (const name of HOSTILE_NAMES)
        expect(await answers().read(name, 0)).toEqual(
          ids(name).map((connectionId) => ({ connectionId, answer: name })),
        );
      await answers().open('long', TTL_MS);
      await put('a', 'x'.repeat(32_768), 'long');
      expect(await answers().read('long', 0)).toEqual([{ connectionId: 'a', answer: 'x'.repeat(32_768) }]);
    });
  });
}
