import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CacheKeys } from './cache-key.js';

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
