import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CacheKeys, encodeName } from './cache-key.js';

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
});

describe('CacheKeys', () => {
  it('lets no name reach a key of another kind', () => {
    const keys = new CacheKeys('websocket:');
    const kinds = [keys.connection, keys.channel, keys.user, keys.removed].map((kind) => kind.bind(keys));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
        const all = [keys.connections, keys.channels, ...kinds.flatMap((key) => [...new Set([key(one), key(other)])])];
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });
});
