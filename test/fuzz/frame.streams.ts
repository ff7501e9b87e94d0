import fc from 'fast-check';
import { constants, deflateRawSync } from 'node:zlib';
import { close, frame, Opcode, ping, pong } from '../support/frames.js';

const RSV1 = 4;

/** A message as a client sends it. */
interface Message {
  readonly frames: readonly Buffer[];
  /** What the gateway's echo of it is. */
  readonly echo: string;
}

/** What a client sends, and what comes back. */
export interface Stream {
  readonly bytes: Buffer;
  readonly echoes: readonly string[];
}

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });
const payload = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 300 })
    .map((value) => ({ opcode: Opcode.text, bytes: Buffer.from(value.toWellFormed()) })),
  fc.json({ maxDepth: 3 }).map((value) => ({ opcode: Opcode.text, bytes: Buffer.from(value) })),
  fc
    .constantFrom(125, 126, 127, 1_024, 5_000, 9_999)
    .map((size) => ({ opcode: Opcode.text, bytes: Buffer.alloc(size, 'x') })),
  fc.uint8Array({ maxLength: 300 }).map((value) => ({ opcode: Opcode.binary, bytes: Buffer.from(value) })),
);
const controlFrame = fc.oneof(fc.uint8Array({ maxLength: 125 }).map(ping), fc.uint8Array({ maxLength: 125 }).map(pong));

/** Places to cut at, in order; more often many small pieces than one. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

export function cutsOf(bytes: Uint8Array, places: readonly number[]): number[] {
  return places.map((place) => Math.floor(place * bytes.byteLength)).sort((a, b) => a - b);
}

const message: fc.Arbitrary<Message> = fc
  .record({ payload, isCompressed: fc.boolean(), cuts, mask, between: fc.array(controlFrame, { maxLength: 3 }) })
  .map(({ payload: { opcode, bytes }, isCompressed, cuts: places, mask: key, between }) => {
    const sent = isCompressed ? deflated(bytes) : bytes;
    const at = cutsOf(sent, places);
    const frames = [0, ...at].flatMap((from, index) => [
      frame({
        opcode: index === 0 ? opcode : Opcode.continuation,
        payload: sent.subarray(from, at[index]),
        isFinal: index === at.length,
        reserved: index === 0 && isCompressed ? RSV1 : 0,
        mask: key,
      }),
      ...between.slice(index, index + 1),
    ]);
    return { frames, echo: bytes.toString(opcode === Opcode.text ? 'utf8' : 'base64') };
  });

/** What a client may send: messages in fragments of any shape, compressed or not, with control frames among them. */
export const legalStream: fc.Arbitrary<Stream> = fc.array(message, { minLength: 1, maxLength: 5 }).map((messages) => ({
  bytes: Buffer.concat(messages.flatMap(({ frames }) => frames)),
  echoes: messages.map(({ echo }) => echo),
}));

const mutation = fc.record({
  kind: fc.constantFrom('flip', 'flip', 'insert', 'remove', 'repeat', 'close', 'truncate'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  size: fc.integer({ min: 1, max: 20 }),
  bit: fc.nat(7),
  junk: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  code: fc.oneof(fc.constantFrom(1000, 1001, 3000, 4999), fc.nat(65_535)),
});

/** What a client may send, damaged in a few places: mostly headers that no longer fit what follows them. */
export const damagedStream: fc.Arbitrary<Buffer> = fc
  .tuple(legalStream, fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([{ bytes }, mutations]) =>
    mutations.reduce((damaged, { kind, at, size, bit, junk, code }) => {
      const place = Math.floor(at * damaged.byteLength);
      const [before, after] = [damaged.subarray(0, place), damaged.subarray(place)];
      switch (kind) {
        case 'flip': {
          const flipped = Buffer.from(damaged);
          if (place < flipped.byteLength) flipped[place]! ^= 1 << bit;
          return flipped;
        }
        case 'insert':
          return Buffer.concat([before, junk, after]);
        case 'remove':
          return Buffer.concat([before, after.subarray(size)]);
        case 'repeat':
          return Buffer.concat([before, after.subarray(0, size), after]);
        case 'close':
          return Buffer.concat([before, close(code, junk), after]);
        case 'truncate':
          return before;
      }
    }, bytes),
  );

const badUtf8 = fc.constantFrom('c080', 'eda080', 'f4908080', 'ff', '80', 'e282').map((hex) => Buffer.from(hex, 'hex'));

/** Messages that are wrong in one way, with the code that they are refused with. */
export const refusedMessage: fc.Arbitrary<{ readonly bytes: Buffer; readonly code: number }> = fc.oneof(
  badUtf8.map((bytes) => ({ bytes: frame({ opcode: Opcode.text, payload: bytes }), code: 1007 })),
  badUtf8.map((bytes) => ({
    bytes: frame({ opcode: Opcode.text, payload: deflated(bytes), reserved: RSV1 }),
    code: 1007,
  })),
  fc
    .tuple(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.integer({ min: 1, max: 3 }))
    .map(([opcode, reserved]) => ({ bytes: frame({ opcode, reserved }), code: 1002 })),
  fc.constantFrom(3, 4, 5, 6, 7, 11, 12, 13, 14, 15).map((opcode) => ({ bytes: frame({ opcode }), code: 1002 })),
  fc
    .tuple(
      fc.integer({ min: 10_001, max: 20_000_000 }),
      fc.integer({ min: 1, max: 9 }),
      fc.array(controlFrame, { maxLength: 2 }),
      cuts,
    )
    .map(([size, level, between, places]) => ({ bytes: bomb(size, level, between, places), code: 1009 })),
);

/** A message that is small on its way and large afterwards. */
function bomb(size: number, level: number, between: readonly Buffer[], places: readonly number[]): Buffer {
  const compressed = deflated(Buffer.alloc(size, 'x'), level);
  const at = cutsOf(compressed, places);
  return Buffer.concat(
    [0, ...at].flatMap((from, index) => [
      frame({
        opcode: index === 0 ? Opcode.text : Opcode.continuation,
        payload: compressed.subarray(from, at[index]),
        isFinal: index === at.length,
        reserved: index === 0 ? RSV1 : 0,
      }),
      ...between,
    ]),
  );
}

function deflated(bytes: Uint8Array, level = 6): Buffer {
  return deflateRawSync(bytes, { level, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}
