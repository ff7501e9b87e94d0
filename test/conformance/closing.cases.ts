import { binary, close, closePayload, frame, last, Opcode, ping, text } from '../support/frames.js';
import type { Case } from './conversation.js';

const LEGAL = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const ILLEGAL = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32_768, 65_535];
const NOT_UTF_8 = Uint8Array.of(0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xed, 0xa0, 0x80);

/** RFC 6455 sections 5.5.1 and 7: the closing handshake. */
export const closingCases: readonly Case[] = [
  { name: 'a close without a code', sends: [close()], closes: 'empty' },
  ...LEGAL.map((code) => ({ name: `a close with ${code}`, sends: [close(code)], closes: code })),
  ...ILLEGAL.map((code) => ({
    name: `a close with ${code}, which may not be sent`,
    sends: [close(code)],
    closes: 1002,
  })),
  { name: 'a close of one byte', sends: [frame({ opcode: Opcode.close, payload: Uint8Array.of(3) })], closes: 1002 },
  { name: 'a close with a reason', sends: [close(1000, 'so long – and thanks')], closes: 1000 },
  { name: 'a close with the longest reason', sends: [close(1000, 'x'.repeat(123))], closes: 1000 },
  { name: 'a close with a reason of one byte too many', sends: [close(1000, 'x'.repeat(124))], closes: 1002 },
  { name: 'a close with a reason that is not UTF-8', sends: [close(1000, NOT_UTF_8)], closes: 1007 },
  {
    name: 'a close with a reason that ends within a character',
    sends: [close(1000, Buffer.from('€').subarray(0, 2))],
    closes: 1007,
  },
  { name: 'a message and a close', sends: [text('before'), close(1000)], echoes: ['before'], closes: 1000 },
  { name: 'two closes', sends: [close(1000), close(3000)], closes: 1000 },
  { name: 'a ping behind the close', sends: [close(1000), ping('late')], closes: 1000 },
  { name: 'a message behind the close', sends: [close(1000), text('late')], closes: 1000 },
  { name: 'garbage behind the close', sends: [close(1000), Buffer.alloc(300, 0xff)], closes: 1000 },
  { name: '256 KB behind the close', sends: [close(1000), binary(Buffer.alloc(262_144))], closes: 1000 },
  {
    name: 'a close and the rest of a message',
    sends: [text('start', false), close(1001), last('rest')],
    closes: 1001,
  },
  {
    name: 'a close under another mask',
    sends: [frame({ opcode: Opcode.close, payload: closePayload(1000), mask: Uint8Array.of(9, 8, 7, 6) })],
    closes: 1000,
  },
];
