/** RFC 7692 on the wire: which offers are taken, and messages of all sizes and shapes under each of them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib';
import { closeGatewayApps, type GatewayApp } from '../support/gateway-app.js';
import { frame, last, more, Opcode, ping, text } from '../support/frames.js';
import { WireClient } from '../support/wire-client.js';
import { echoApp, expectCase, type Case } from './conversation.js';

/** As large as what is sent may be. */
const MAX_MESSAGE_BYTES = 131_072;
const RSV1 = 4;

let app: GatewayApp;
beforeAll(async () => {
  app = await echoApp({ compression: true, maxMessageBytes: MAX_MESSAGE_BYTES });
});
afterAll(closeGatewayApps);

const connect = (offer = 'permessage-deflate'): Promise<WireClient> =>
  WireClient.open(app.port, { 'Sec-WebSocket-Extensions': offer });

/** A message as section 7.2.1 compresses it. */
function deflated(payload: string | Uint8Array, options: ZlibOptions = {}): Buffer {
  return deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4);
}

const compressed = (payload: string | Uint8Array, options?: ZlibOptions): Buffer =>
  frame({ opcode: Opcode.text, payload: deflated(payload, options), reserved: RSV1 });

const compressedFragment = (payload: Uint8Array): Buffer =>
  frame({ opcode: Opcode.text, payload, reserved: RSV1, isFinal: false });

const sample = (length: number): string =>
  'The quick brown fox jumps over the lazy dog. '.repeat(length).slice(0, length);

describe('RFC 7692 section 7.1, offers', () => {
  const offers: readonly (readonly [offer: string, answer: RegExp | null])[] = [
    ['permessage-deflate', /^permessage-deflate(;|$)/],
    ['permessage-deflate; client_max_window_bits', /client_max_window_bits=(8|9|1[0-5])(;|$)/],
    ['permessage-deflate; client_max_window_bits=10', /client_max_window_bits=(8|9|10)(;|$)/],
    ['permessage-deflate; client_max_window_bits="12"', /client_max_window_bits=(8|9|1[0-2])(;|$)/],
    ['permessage-deflate; server_max_window_bits=9', /server_max_window_bits=(8|9)(;|$)/],
    ['permessage-deflate; server_max_window_bits=15', /^permessage-deflate(;|$)/],
    ['permessage-deflate; server_no_context_takeover', /server_no_context_takeover(;|$)/],
    ['permessage-deflate; client_no_context_takeover', /^permessage-deflate(;|$)/],
    ['x-webkit-deflate-frame, permessage-deflate', /^permessage-deflate(;|$)/],
    ['permessage-deflate; unheard_of, permessage-deflate', /^permessage-deflate(;|$)/],
    ['permessage-deflate; server_max_window_bits=7, permessage-deflate', /^permessage-deflate(;|$)/],
    ['x-webkit-deflate-frame', null],
    ['permessage-deflate; unheard_of', null],
    ['permessage-deflate; server_max_window_bits', null],
    ['permessage-deflate; server_max_window_bits=16', null],
    ['permessage-deflate; server_max_window_bits=09', null],
    ['permessage-deflate; client_max_window_bits=0', null],
    ['permessage-deflate; client_max_window_bits=10; client_max_window_bits=10', null],
    ['permessage-deflate; server_no_context_takeover=1', null],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', null],
    [';;;', null],
    [',,', null],
  ];
  it.each(offers)('%s', async (offer, answer) => {
    const client = await connect(offer);
    const agreed = /^Sec-WebSocket-Extensions: (.*)$/im.exec(client.head)?.[1];
    if (answer === null) expect(agreed).toBeUndefined();
    else expect(agreed).toMatch(answer);
    const isLarge = agreed !== undefined;
    await expectCase(client, { name: '', sends: [text(sample(5_000))], echoes: [sample(5_000)] });
    expect(client.compressed).toEqual([isLarge, false]);
  });
});

const SIZES = [0, 1, 16, 125, 126, 1_023, 1_024, 4_096, 8_192, 32_768, 65_535, 65_536, 100_000];
const WINDOWS = [9, 10, 12, 15];

describe('RFC 7692 section 7.2, messages', () => {
  const cases: readonly Case[] = [
    {
      name: 'messages of all sizes come back',
      sends: SIZES.map((size) => compressed(sample(size))),
      echoes: SIZES.map(sample),
    },
    {
      name: 'compressed and plain messages come back in order',
      sends: SIZES.flatMap((size) => [compressed(sample(size)), text(sample(size))]),
      echoes: SIZES.flatMap((size) => [sample(size), sample(size)]),
    },
    {
      name: 'a message in blocks that are not compressed comes back',
      sends: [compressed(sample(3_000), { level: 0 })],
      echoes: [sample(3_000)],
    },
    {
      name: 'a message whose last block says so comes back, and the next one',
      sends: [
        frame({ opcode: Opcode.text, payload: Buffer.concat([deflateRawSync('final'), Buffer.of(0)]), reserved: RSV1 }),
        compressed('next'),
      ],
      echoes: ['final', 'next'],
    },
    {
      name: 'bytes come back',
      sends: [frame({ opcode: Opcode.binary, payload: deflated(Uint8Array.of(0, 0xff)), reserved: RSV1 })],
      echoes: ['AP8='],
    },
    {
      name: 'a message in fragments comes back, with a ping between them answered',
      sends: [
        compressedFragment(deflated(sample(4_000)).subarray(0, 10)),
        ping('between'),
        more(deflated(sample(4_000)).subarray(10, 20)),
        more(),
        last(deflated(sample(4_000)).subarray(20)),
      ],
      echoes: [sample(4_000)],
      pongs: ['between'],
    },
    {
      name: 'a message of the largest size comes back',
      sends: [compressed(sample(MAX_MESSAGE_BYTES))],
      echoes: [sample(MAX_MESSAGE_BYTES)],
    },
    {
      name: 'a message of one byte more is refused, however small it was on its way',
      sends: [compressed(Buffer.alloc(MAX_MESSAGE_BYTES + 1, 'x'))],
      closes: 1009,
    },
    {
      name: 'a message of 100 MB in 100 KB is refused',
      sends: [compressed(Buffer.alloc(100_000_000, 'x'), { level: 9 })],
      closes: 1009,
    },
    {
      name: 'a message of 100 MB in fragments is refused',
      sends: [
        compressedFragment(deflated(Buffer.alloc(100_000_000, 'x')).subarray(0, 40_000)),
        last(deflated(Buffer.alloc(100_000_000, 'x')).subarray(40_000)),
      ],
      closes: 1009,
    },
    {
      name: 'what is not deflated is refused',
      sends: [frame({ opcode: Opcode.text, payload: Buffer.alloc(20, 0xff), reserved: RSV1 })],
      closes: 1007,
    },
    { name: 'a text that is not UTF-8 is refused', sends: [compressed(Uint8Array.of(0xc0, 0x80))], closes: 1007 },
    {
      name: 'RSV1 on a continuation is refused',
      sends: [
        compressedFragment(deflated('text').subarray(0, 2)),
        frame({ opcode: Opcode.continuation, payload: deflated('text').subarray(2), reserved: RSV1 }),
      ],
      closes: 1002,
    },
    { name: 'RSV1 on a ping is refused', sends: [frame({ opcode: Opcode.ping, reserved: RSV1 })], closes: 1002 },
    { name: 'RSV1 and RSV2 are refused', sends: [frame({ opcode: Opcode.text, reserved: 6 })], closes: 1002 },
  ];
  it.each(cases)('$name', async (row) => {
    await expectCase(await connect(), row);
    if (Buffer.concat(row.sends).byteLength < 4_000) await expectCase(await connect(), row, 1);
  });

  it.each(WINDOWS)('messages of all sizes come back through windows of 2^%i bytes', async (windowBits) => {
    const client = await connect(
      `permessage-deflate; server_max_window_bits=${windowBits}; client_max_window_bits=${windowBits}`,
    );
    const sends = SIZES.map((size) => compressed(sample(size), { windowBits: Math.min(windowBits, 12) }));
    await expectCase(client, { name: '', sends, echoes: SIZES.map(sample) });
    expect(client.compressed.slice(0, -1)).toEqual(SIZES.map((size) => size >= 1_024));
  });

  it('a server that looks back no further than it was asked to is understood with a window of that size', async () => {
    // It repeats itself every 700 bytes, which is further back than a window of 512 reaches.
    const message = Array.from({ length: 700 }, (_, index) => String.fromCharCode(97 + ((index * index) % 23)))
      .join('')
      .repeat(20);
    const client = await connect('permessage-deflate; server_max_window_bits=9');
    client.windowBits = 9;
    await expectCase(client, { name: '', sends: [compressed(message)], echoes: [message] });
    expect(client.compressed[0]).toBe(true);
  });
});

describe('a connection that did not agree on compression', () => {
  it('is closed at a compressed message', async () => {
    await expectCase(await WireClient.open(app.port), { name: '', sends: [compressed('never agreed')], closes: 1002 });
  });
});
