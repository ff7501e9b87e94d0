import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { HmacSha256 } from './hmac-sha256.js';

describe('the quick HMAC', () => {
  it('is the one of node:crypto, one text after the other', () => {
    const key = fc.uint8Array({ maxLength: 64 });
    const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 1_024 });
    fc.assert(
      fc.property(key, fc.array(ascii, { maxLength: 4 }), (bytes, texts) => {
        const hmac = new HmacSha256(bytes);
        for (const text of texts) expect(hmac.hex(text)).toBe(createHmac('sha256', bytes).update(text).digest('hex'));
      }),
    );
  });

  it('takes nothing that it would have to cut off', () => {
    expect(() => new HmacSha256(Buffer.alloc(65))).toThrow(RangeError);
    expect(() => new HmacSha256(Buffer.alloc(32)).hex('x'.repeat(1_025))).toThrow(RangeError);
  });
});
