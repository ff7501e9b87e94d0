import { describe, expect, it } from '@jest/globals';
import { HOSTILE_NAMES } from '../contract/hostile-names.js';
import type { LedgersHarness } from './ledgers.harness.js';

const TTL_MS = 60_000;

/** Which requests were taken up already. */
export function requestClaimsContract(harness: LedgersHarness): void {
  const { claims, otherClaims, either, callers } = harness;

  describe('claims', () => {
    harness.forEachTest();

    it('give a request to the first, and tell the others what the first said', async () => {
      expect(await claims().claim('r1', 'one', TTL_MS)).toBeNull();
      expect(await otherClaims().claim('r1', 'two', TTL_MS)).toBe('one');
      expect(await claims().claim('r1', 'one', TTL_MS)).toBe('one');
      expect(await claims().claim('r2', 'two', TTL_MS)).toBeNull();
    });

    it('give a request to one of many who come at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: callers }, (_, index) =>
          either(index, claims, otherClaims).claim('r1', `by ${index}`, TTL_MS),
        ),
      );
      const winner = answers.indexOf(null);
      expect(answers.filter((answer) => answer === null)).toHaveLength(1);
      expect(new Set(answers.filter((answer) => answer !== null))).toEqual(new Set([`by ${winner}`]));
    });

    it('stand for as long as the first said, whoever comes meanwhile', async () => {
      await claims().claim('r1', 'one', TTL_MS);
      await harness.clock.advance(TTL_MS - 1);
      expect(await otherClaims().claim('r1', 'two', 10 * TTL_MS)).toBe('one');
      await harness.clock.advance(1);
      expect(await otherClaims().claim('r1', 'three', TTL_MS)).toBeNull();
      expect(await claims().claim('r1', 'four', TTL_MS)).toBe('three');
    });

    it('are forgotten when they are released, as often as it is said', async () => {
      await claims().claim('r1', 'one', TTL_MS);
      await otherClaims().release('r1');
      await otherClaims().release('r1');
      expect(await claims().claim('r1', 'two', TTL_MS)).toBeNull();
    });

    it('keep what they were given', async () => {
      for (const value of ['', ' ', '0', '{"a":"é 👋🏽"}', 'a\0b', '12 34', 'x'.repeat(2_000)]) {
        expect(await claims().claim(`r ${value.slice(0, 20)}`, value, TTL_MS)).toBeNull();
        expect(await claims().claim(`r ${value.slice(0, 20)}`, 'other', TTL_MS)).toBe(value);
      }
    });

    it('take no key for another', async () => {
      for (const key of HOSTILE_NAMES) expect([key, await claims().claim(key, key, TTL_MS)]).toEqual([key, null]);
      for (const key of HOSTILE_NAMES) expect(await claims().claim(key, 'other', TTL_MS)).toBe(key);
    });
  });
}
