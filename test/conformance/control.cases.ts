import { frame, Opcode, ping, pong, text } from '../support/frames.js';
import type { Case } from './conversation.js';

const CONTROL = { close: Opcode.close, ping: Opcode.ping, pong: Opcode.pong };
const payload = (length: number): Buffer => Buffer.from(Uint8Array.from({ length }, (_, index) => 255 - index));
const SIZES = Array.from({ length: 126 }, (_, length) => length);

/** RFC 6455 sections 5.5.2 and 5.5.3: pings and pongs. */
export const controlCases: readonly Case[] = [
  // In parts: of very many pings at once a server may answer the latest only.
  ...[SIZES.slice(0, 42), SIZES.slice(42, 84), SIZES.slice(84)].map((sizes) => ({
    name: `pings of ${sizes[0]} to ${sizes.at(-1)} bytes`,
    sends: sizes.map((length) => ping(payload(length))),
    pongs: sizes.map((length) => payload(length).toString('latin1')),
  })),
  {
    name: 'a ping that is not UTF-8',
    sends: [ping(Uint8Array.of(0, 0xff, 0xfe, 0xfd))],
    pongs: ['\x00\xff\xfe\xfd'],
  },
  { name: 'a pong that nobody asked for', sends: [pong()] },
  { name: 'a pong of 125 bytes that nobody asked for', sends: [pong(payload(125))] },
  { name: 'pongs that nobody asked for, and a ping', sends: [pong('a'), ping('b'), pong('c')], pongs: ['b'] },
  {
    name: 'pings between messages',
    sends: [text('a'), ping('1'), text('b'), ping('2'), text('c')],
    echoes: ['a', 'b', 'c'],
    pongs: ['1', '2'],
  },
  {
    name: 'a ping whose length is written in two bytes',
    sends: [frame({ opcode: Opcode.ping, payload: 'long', lengthBytes: 2 })],
    closes: 1002,
  },
];

/** RFC 6455 section 5.5: control frames are short and whole. */
export const controlLimitCases: readonly Case[] = Object.entries(CONTROL).flatMap(([name, opcode]) => [
  {
    name: `a ${name} frame of 126 bytes`,
    sends: [text('before'), frame({ opcode, payload: Buffer.alloc(126, 3) }), text('after')],
    echoes: ['before'],
    closes: 1002,
  },
  {
    name: `a ${name} frame that claims 2^63 - 1 bytes`,
    sends: [frame({ opcode, claims: 2n ** 63n - 1n })],
    closes: 1002,
  },
  { name: `the first fragment of a ${name} frame`, sends: [frame({ opcode, isFinal: false })], closes: 1002 },
  {
    name: `the first fragment of a ${name} frame between those of a text`,
    sends: [text('a', false), frame({ opcode, isFinal: false, payload: '' })],
    closes: 1002,
  },
]);
