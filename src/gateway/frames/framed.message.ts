import type { Compressor } from './compressor.js';
import { textFrame } from './frame.js';

/** The window of a connection that takes no compressed messages. */
export const UNCOMPRESSED = 0;

/** The smallest window that zlib compresses with: 512 bytes. */
const MIN_WINDOW_BITS = 9;

/** A frame, or where it takes long to make, its promise. */
export type Frame = Buffer | Promise<Buffer>;

/** One message in every form that its recipients take, each form made once, when the first of them asks. */
export class FramedMessage {
  private plainFrame: Buffer | undefined;
  private readonly compressedFrames: (Frame | undefined)[] = [];

  constructor(
    private readonly payload: Uint8Array,
    private readonly compressor: Compressor | null,
  ) {}

  get bytes(): number {
    return this.payload.byteLength;
  }

  get plain(): Buffer {
    return (this.plainFrame ??= textFrame(this.payload));
  }

  /** @param windowBits the base-2 logarithm of the largest window that the client inflates with, or {@link UNCOMPRESSED} */
  frameFor(windowBits: number): Frame {
    const { compressor, bytes } = this;
    if (windowBits < MIN_WINDOW_BITS || compressor === null || bytes < compressor.thresholdBytes) return this.plain;
    // No window need be larger than the message: so clients with different windows share one frame where they can.
    const bits = Math.min(windowBits, Math.max(MIN_WINDOW_BITS, Math.ceil(Math.log2(bytes)) + 1));
    return (this.compressedFrames[bits] ??= this.compress(compressor, bits));
  }

  private compress(compressor: Compressor, windowBits: number): Frame {
    // Of the plain frame, which is a copy: the payload is the application's, which may change it once it was told that it is sent.
    const payload = this.plain.subarray(this.plain.byteLength - this.bytes);
    const compressed = compressor.compress(payload, windowBits);
    if (!(compressed instanceof Promise)) return this.smallerOf(compressed);
    return compressed.then((bytes) => (this.compressedFrames[windowBits] = this.smallerOf(bytes)));
  }

  /** @param compressed `null` when that failed */
  private smallerOf(compressed: Uint8Array | null): Buffer {
    if (compressed === null || compressed.byteLength >= this.bytes) return this.plain;
    return textFrame(compressed, true);
  }
}
