import { binary, close, fragments, last, more, Opcode, ping, pong, text } from '../support/frames.js';
import type { Case } from './conversation.js';

const HELLO = Buffer.from('Hello, wörld!');
const everywhere = (bytes: Uint8Array): number[] =>
  Array.from({ length: bytes.byteLength - 1 }, (_, index) => index + 1);

/** The shapes in which a message of five bytes can be cut in up to five fragments, empty ones among them. */
function* shapes(): Generator<number[]> {
  for (let first = 0; first <= 5; first++) {
    yield [first];
    for (let second = first; second <= 5; second++) {
      yield [first, second];
      for (let third = second; third <= 5; third++) yield [first, second, third];
    }
  }
}

/** RFC 6455 section 5.4: messages in fragments. */
export const fragmentationCases: readonly Case[] = [
  {
    name: 'a message in fragments of every shape',
    sends: [...shapes()].flatMap((cuts) => fragments(Buffer.from('12345'), cuts)),
    echoes: [...shapes()].map(() => '12345'),
  },
  { name: 'a text byte by byte', sends: fragments(HELLO, everywhere(HELLO)), echoes: [HELLO.toString()] },
  {
    name: 'bytes byte by byte',
    sends: fragments(HELLO, everywhere(HELLO), Opcode.binary),
    echoes: [HELLO.toString('base64')],
  },
  { name: 'nothing in three fragments', sends: [text('', false), more(), last()], echoes: [''] },
  {
    name: 'nothing in three fragments around something',
    sends: [text('', false), more('middle'), last()],
    echoes: ['middle'],
  },
  {
    name: 'a message in 256 fragments',
    sends: fragments(
      Buffer.alloc(256, 'x'),
      Array.from({ length: 255 }, (_, index) => index + 1),
    ),
    echoes: ['x'.repeat(256)],
  },
  {
    name: 'a message in more fragments than anybody needs',
    sends: fragments(
      Buffer.alloc(257, 'x'),
      Array.from({ length: 256 }, (_, index) => index + 1),
    ),
    closes: 1008,
  },
  {
    name: 'pings between the fragments',
    sends: [text('a', false), ping('1'), more('b'), ping('2'), ping('3'), more('c'), ping(), last('d')],
    echoes: ['abcd'],
    pongs: ['1', '2', '3', ''],
  },
  {
    name: 'pongs between the fragments',
    sends: [text('a', false), pong('1'), last('b'), pong('2')],
    echoes: ['ab'],
  },
  {
    name: 'a ping between the bytes of a character that is cut',
    sends: [text(Uint8Array.of(0xe2), false), ping('€'), more(Uint8Array.of(0x82)), last(Uint8Array.of(0xac))],
    echoes: ['€'],
    pongs: [Buffer.from('€').toString('latin1')],
  },
  {
    name: 'a close between the fragments',
    sends: [text('never', false), close(1000), last('whole')],
    closes: 1000,
  },
  { name: 'a continuation of nothing', sends: [more('orphan')], closes: 1002 },
  { name: 'a last fragment of nothing', sends: [last('orphan'), text('after')], closes: 1002 },
  {
    name: 'a continuation of a whole message',
    sends: [text('whole'), last('orphan')],
    echoes: ['whole'],
    closes: 1002,
  },
  {
    name: 'a continuation of a message in fragments that is over',
    sends: [text('a', false), last('b'), more('orphan')],
    echoes: ['ab'],
    closes: 1002,
  },
  { name: 'a text inside a text', sends: [text('a', false), text('b'), last('c')], closes: 1002 },
  { name: 'the start of a text inside a text', sends: [text('a', false), text('b', false)], closes: 1002 },
  { name: 'bytes inside a text', sends: [text('a', false), binary('b'), last('c')], closes: 1002 },
  { name: 'a text inside bytes', sends: [binary('a', false), more('b'), text('c')], closes: 1002 },
];
