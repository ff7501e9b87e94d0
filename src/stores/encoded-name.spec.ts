import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeName, encodeName } from './encoded-name.js';

const anyName = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', ':', '%', '3', 'A', '2', '*', '{', '\uD83D', '\uDC4B', '\n') }),
);

describe('encodeName', () => {
  it('leaves connection ids and everyday names as they are', () => {
    for (const name of ['BFHPhfCWIAMCKlQ=', 'news', 'orders.42', 'a_b-c~d@e+f/g,h'])
      expect(encodeName(name)).toBe(name);
  });

  it.each([
    ['a:b', 'a%3Ab'],
    ['*', '%2A'],
    ['%', '%25'],
    ["!'()", '%21%27%28%29'],
    ['👋', '%F0%9F%91%8B'],
    ['\uD83D', '%D83D'],
  ])('turns %j into %s', (name, encoded) => {
    expect(encodeName(name)).toBe(encoded);
  });

  it('gives any two names different keys, of characters that separate and match nothing', () => {
    fc.assert(
      fc.property(anyName, anyName, (one, other) => {
        expect(encodeName(one)).toMatch(/^[A-Za-z0-9_.~@=+/,%-]*$/);
        expect(encodeName(one) === encodeName(other)).toBe(one === other);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is undone by decodeName, for every name that may be used', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        fc.pre(name.isWellFormed());
        expect(decodeName(encodeName(name))).toBe(name);
      }),
      { numRuns: 2_000 },
    );
  });
});
