import { describe, expect, it } from '@jest/globals';
import { FrameMeter } from './frame.meter.js';

/** A client's frame: masked, of this payload length. */
function frame(length: number, { isMasked = true, opcode = 0x81 } = {}): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const header =
    length < 126
      ? [opcode, mask | length]
      : length < 65_536
        ? [opcode, mask | 126, length >> 8, length & 0xff]
        : [opcode, mask | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from(header), Buffer.alloc(isMasked ? 4 : 0), Buffer.alloc(length, 0xff)]);
}

function accepts(maxFrameBytes: number, bytes: Buffer, chunkBytes = bytes.length): boolean {
  const meter = new FrameMeter(maxFrameBytes);
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    if (!meter.accepts(bytes.subarray(offset, offset + chunkBytes))) return false;
  }
  return true;
}

describe('the frame meter', () => {
  it.each([0, 1, 125, 126, 127, 32_767, 32_768])('accepts a frame of %i bytes', (length) => {
    expect(accepts(32_768, frame(length))).toBe(true);
  });

  it.each([32_769, 65_535, 65_536, 1_000_000])('refuses a frame of %i bytes', (length) => {
    expect(accepts(32_768, frame(length))).toBe(false);
  });

  it('refuses by the header alone, also of a frame longer than any', () => {
    expect(accepts(32_768, frame(32_769).subarray(0, 8))).toBe(false);
    expect(accepts(32_768, frame(32_769).subarray(0, 7))).toBe(true);
    expect(accepts(32_768, Buffer.from([0x81, 0xff, ...new Array<number>(8).fill(0xff), 0, 0, 0, 0]))).toBe(false);
  });

  it.each([1, 2, 3, 7, 1_000, 4_096])('measures every frame, however its bytes are cut: by %i', (chunkBytes) => {
    const lengths = [0, 5, 125, 126, 300, 32_768, 0, 1, 32_768];
    const allowed = Buffer.concat(lengths.map((length) => frame(length)));
    expect(accepts(32_768, allowed, chunkBytes)).toBe(true);
    expect(accepts(32_767, allowed, chunkBytes)).toBe(false);
    expect(accepts(32_768, Buffer.concat([allowed, frame(32_769)]), chunkBytes)).toBe(false);
  });

  it('keeps in step with frames that are not masked', () => {
    const bytes = Buffer.concat([frame(200, { isMasked: false }), frame(70_000)]);
    expect(accepts(32_768, bytes.subarray(0, 300))).toBe(false);
    expect(accepts(70_000, bytes, 13)).toBe(true);
  });
});
