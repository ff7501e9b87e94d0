import { describe, expect, it } from '@jest/globals';
import { timeLeftOf, type LambdaContext } from './lambda.context.js';

describe('the time that is left', () => {
  it.each<[unknown, number | null]>([
    [12.5, 12.5],
    [0, 0],
    [-5, 0],
    [NaN, null],
    [Infinity, null],
    ['3000', null],
    [undefined, null],
  ])('is unknown where the context does not say it in milliseconds: %p', (told, leftMs) => {
    expect(timeLeftOf({ getRemainingTimeInMillis: () => told } as LambdaContext)).toBe(leftMs);
  });

  it('is unknown where there is no context to speak of', () => {
    expect(timeLeftOf({})).toBeNull();
    expect(timeLeftOf('context' as LambdaContext)).toBeNull();
  });
});
