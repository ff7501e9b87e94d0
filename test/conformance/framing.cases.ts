import { binary, frame, more, Opcode, ping, text } from '../support/frames.js';
import type { Case } from './conversation.js';

const LENGTHS = [0, 1, 2, 124, 125, 126, 127, 128, 254, 255, 256, 65_534, 65_535, 65_536, 65_537];
const UNKNOWN_OPCODES = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
const RSV1 = 4;

const characters = (length: number): string => 'abcdefghijklmnop'.repeat(Math.ceil(length / 16)).slice(0, length);

/** RFC 6455 section 5.2: the frame. */
export const framingCases: readonly Case[] = [
  ...LENGTHS.map((length) => ({
    name: `a text of ${length} bytes`,
    sends: [text(characters(length))],
    echoes: [characters(length)],
  })),
  ...LENGTHS.map((length) => ({
    name: `${length} bytes`,
    sends: [binary(Buffer.alloc(length, 0xfe))],
    echoes: [Buffer.alloc(length, 0xfe).toString('base64')],
  })),
  {
    name: 'many frames of all lengths, one behind the other',
    sends: LENGTHS.map((length) => text(characters(length))),
    echoes: LENGTHS.map(characters),
  },
  {
    name: 'a frame under a mask of zeros',
    sends: [frame({ opcode: Opcode.text, payload: 'plain', mask: new Uint8Array(4) })],
    echoes: ['plain'],
  },
  {
    name: 'frames under masks of their own',
    sends: [1, 2, 3].map((n) => frame({ opcode: Opcode.text, payload: 'masked', mask: Uint8Array.of(n, 0xff, 0, n) })),
    echoes: ['masked', 'masked', 'masked'],
  },
  { name: 'bytes that are not UTF-8', sends: [binary(Uint8Array.of(0, 0xff, 0xfe))], echoes: ['AP/+'] },
];

/** RFC 6455 section 5.2: the reserved bits and opcodes. */
export const reservedCases: readonly Case[] = [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((reserved) => [
    {
      name: `a text with the reserved bits ${bits(reserved)}`,
      sends: [text('before'), frame({ opcode: Opcode.text, payload: 'reserved', reserved }), text('after')],
      echoes: ['before'],
      closes: 1002,
      isForPlainConnections: reserved === RSV1,
    },
    {
      name: `bytes with the reserved bits ${bits(reserved)}`,
      sends: [frame({ opcode: Opcode.binary, payload: 'reserved', reserved })],
      closes: 1002,
      isForPlainConnections: reserved === RSV1,
    },
    ...[Opcode.ping, Opcode.pong, Opcode.close].map((opcode) => ({
      name: `a control frame ${opcode} with the reserved bits ${bits(reserved)}`,
      sends: [frame({ opcode, reserved })],
      closes: 1002,
    })),
    {
      name: `a continuation with the reserved bits ${bits(reserved)}`,
      sends: [text('start', false), frame({ opcode: Opcode.continuation, payload: 'rest', reserved })],
      closes: 1002,
    },
  ]),
  ...UNKNOWN_OPCODES.flatMap((opcode) => [
    { name: `the opcode ${opcode}, empty`, sends: [frame({ opcode }), ping()], closes: 1002 },
    {
      name: `the opcode ${opcode} with a payload, after a text`,
      sends: [text('before'), frame({ opcode, payload: 'unknown' }), ping()],
      echoes: ['before'],
      closes: 1002,
    },
    {
      name: `the opcode ${opcode} between fragments`,
      sends: [text('start', false), frame({ opcode }), more('rest', true)],
      closes: 1002,
    },
  ]),
];

/** RFC 6455 section 5.1: clients mask every frame. */
export const maskingCases: readonly Case[] = [
  ...Object.entries(Opcode).map(([name, opcode]) => ({
    name: `an unmasked ${name} frame`,
    sends: [
      ...(opcode === Opcode.continuation ? [text('start', false)] : []),
      frame({ opcode, payload: '', mask: null }),
    ],
    closes: 1002,
  })),
  {
    name: 'an unmasked text behind a masked one',
    sends: [text('masked'), frame({ opcode: Opcode.text, payload: 'bare', mask: null })],
    echoes: ['masked'],
    closes: 1002,
  },
  {
    name: 'an unmasked text of 70,000 bytes',
    sends: [frame({ opcode: Opcode.text, payload: Buffer.alloc(70_000, 'x'), mask: null })],
    closes: 1002,
  },
];

function bits(reserved: number): string {
  return reserved.toString(2).padStart(3, '0');
}
