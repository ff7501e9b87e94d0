import { describe, expect, it } from '@jest/globals';
import { IdSet } from '../../src/fanout/id-set.js';

describe('a set of ids', () => {
  it.each([10, 9_999, 10_001, 300_000])('knows each of %i ids once', (count) => {
    const ids = new IdSet();
    const idOf = (index: number): string => `L0SM9cOFv${index.toString(36).padStart(5, 'A')}=`;
    const mistaken: string[] = [];
    for (let index = 0; index < count; index++) if (!ids.add(idOf(index))) mistaken.push(idOf(index));
    expect(ids.size).toBe(count);
    for (let index = 0; index < count; index += 7) if (ids.add(idOf(index))) mistaken.push(idOf(index));
    expect(ids.size).toBe(count);
    expect(mistaken).toEqual([]);
  });

  it('tells ids apart that differ in one bit, one place or their length only', () => {
    const ids = new IdSet();
    for (let index = 0; index < 20_000; index++) ids.add(`filler ${index}`);
    const alike = ['', 'a', 'aa', 'aaa', 'ab', 'ba', 'A', '\u0000', '\u0000\u0000', '\u0100', '__proto__'];
    expect(alike.map((id) => ids.add(id))).toEqual(alike.map(() => true));
    expect(alike.map((id) => ids.add(id))).toEqual(alike.map(() => false));
  });
});
