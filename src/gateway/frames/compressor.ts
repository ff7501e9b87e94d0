import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib';
import type { ResolvedCompressionOptions } from '../../options/compression.options-resolver.js';

/** Smaller messages take less time to compress than handing them to another thread would save. */
const MAX_INLINE_BYTES = 32_768;

/** How many are compressed on other threads at once: Node's pool has four, and each has a state of its own, of up to 268 KB. */
const MAX_AT_ONCE = 4;

/** The last four bytes of a flush, which RFC 7692 section 7.2.1 takes away. */
const TAIL_BYTES = 4;

/** Compresses messages, each by itself: without context takeover (RFC 7692 section 7.1.1.1) one result is right for every client. */
export class Compressor {
  private readonly waiting: (() => void)[] = [];
  private underWay = 0;

  constructor(private readonly options: ResolvedCompressionOptions) {}

  /** Smaller messages are sent as they are. */
  get thresholdBytes(): number {
    return this.options.thresholdBytes;
  }

  /** Compresses small payloads at once and large ones on another thread. `null` when it failed. */
  compress(payload: Uint8Array, windowBits: number): Uint8Array | null | Promise<Uint8Array | null> {
    const { level, memLevel } = this.options;
    const zlibOptions = { level, memLevel, windowBits, finishFlush: constants.Z_SYNC_FLUSH };
    if (payload.byteLength > MAX_INLINE_BYTES) return this.compressAside(payload, zlibOptions);
    try {
      return withoutTail(deflateRawSync(payload, zlibOptions));
    } catch {
      return null;
    }
  }

  private async compressAside(payload: Uint8Array, options: ZlibOptions): Promise<Uint8Array | null> {
    if (this.underWay >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.underWay++;
    return new Promise((resolve) => {
      deflateRaw(payload, options, (error, compressed) => {
        // The place goes to the one who waits longest, if any does.
        const next = this.waiting.shift();
        if (next === undefined) this.underWay--;
        else next();
        resolve(error === null ? withoutTail(compressed) : null);
      });
    });
  }
}

function withoutTail(compressed: Uint8Array): Uint8Array {
  return compressed.subarray(0, compressed.byteLength - TAIL_BYTES);
}
