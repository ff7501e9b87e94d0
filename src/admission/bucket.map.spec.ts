import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual.clock.js';
import { BucketMap } from './bucket.map.js';

const SIZE = { perSecond: 3, burst: 6 };

describe('BucketMap', () => {
  it('gives a burst at once, and then as many as are earned, to each key its own', async () => {
    const clock = new ManualClock();
    const buckets = new BucketMap(clock);
    const taken = (key: string, tries: number): number =>
      Array.from({ length: tries }, () => buckets.take(key, SIZE)).filter(({ isTaken }) => isTaken).length;
    expect(taken('a', 10)).toBe(6);
    expect(taken('b', 1)).toBe(1);
    for (let second = 0; second < 20; second++) {
      await clock.advance(1_000);
      expect(taken('a', 10)).toBe(3);
    }
    expect(buckets.take('a', SIZE)).toEqual({ isTaken: false, retryAfterMs: 334 });
    await clock.advance(333);
    expect(taken('a', 1)).toBe(0);
    await clock.advance(1);
    expect(taken('a', 1)).toBe(1);
  });

  it('forgets buckets that are full again', async () => {
    const clock = new ManualClock();
    const buckets = new BucketMap(clock);
    for (let index = 0; index < 1_000; index++) buckets.take(`ip${index}`, SIZE);
    expect(buckets.size).toBe(1_000);
    await clock.advance(2_000);
    buckets.take('another', SIZE);
    expect(buckets.size).toBe(1);
  });
});
