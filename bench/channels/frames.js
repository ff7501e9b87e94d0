import { Buffer } from 'node:buffer';

/** How much of a frame is looked at: what tells the replies of a server apart stands there. */
export const HEAD_BYTES = 160;

/** Finds the frames in what a server sends, in whatever pieces it comes, and shows where each begins; the rest of it is skipped unread. */
export class FrameReader {
  #skip = 0;
  #rest = null;

  /** @param onFrame gets bytes, where in them the payload begins, and how long it is; its first `HEAD_BYTES` are there */
  constructor(onFrame) {
    this.onFrame = onFrame;
  }

  /** Looks at the first `length` bytes, which may change afterwards. */
  take(chunk, length) {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk.subarray(0, length)]);
    const end = this.#rest === null ? length : bytes.length;
    this.#rest = null;
    let at = Math.min(this.#skip, end);
    this.#skip -= at;
    while (at < end) {
      const next = this.#frameAt(bytes, at, end);
      if (next === null) {
        this.#rest = Buffer.from(bytes.subarray(at, end));
        return;
      }
      at = Math.min(next, end);
      this.#skip = next - at;
    }
  }

  /** Where the next frame begins; `null` when too little of this one is there. */
  #frameAt(bytes, at, end) {
    if (end < at + 2) return null;
    let size = bytes[at + 1] & 0x7f;
    let from = at + 2;
    if (size >= 126) {
      from = at + (size === 126 ? 4 : 10);
      if (end < from) return null;
      size = size === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    }
    if (end < from + Math.min(size, HEAD_BYTES)) return null;
    if ((bytes[at] & 0x0f) === 1) this.onFrame(bytes, from, size);
    return from + size;
  }
}
