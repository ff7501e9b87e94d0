import { describe, expect, it } from '@jest/globals';
import { planBatches } from './drain.js';

/** How many each batch closes. */
function sizesOf(count: number, durationMs: number): number[] {
  const ends = planBatches(count, durationMs).map(({ end }) => end);
  return ends.map((end, index) => end - (ends[index - 1] ?? 0));
}

describe('the batches of a drain', () => {
  it.each([
    [0, 10_000, []],
    [1, 10_000, [1]],
    [50, 10_000, [50]],
    [51, 10_000, [25, 26]],
    [200, 10_000, [50, 50, 50, 50]],
    [1_000, 0, [1_000]],
    [1_000, 99, [1_000]],
    [1_000, 250, [500, 500]],
  ])('of %i connections in %i ms are %j', (count, durationMs, sizes) => {
    expect(sizesOf(count, durationMs)).toEqual(sizes);
  });

  it('grow when that many would take too long otherwise', () => {
    const sizes = sizesOf(100_000, 10_000);
    expect(sizes).toHaveLength(100);
    expect(new Set(sizes)).toEqual(new Set([1_000]));
  });

  it.each([0, 0.5, 0.999_999])('come one after the other, the first at once, within the time (random %f)', (random) => {
    const times = planBatches(100_000, 10_000, () => random).map(({ afterMs }) => afterMs);
    expect(times[0]).toBe(0);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.max(...times)).toBeLessThanOrEqual(10_000);
  });

  it('do not beat in time', () => {
    const times = planBatches(100_000, 10_000).map(({ afterMs }) => afterMs);
    const pauses = new Set(times.slice(1).map((time, index) => time - times[index]!));
    expect(pauses.size).toBeGreaterThan(10);
  });
});
