/**
 * RFC 6455 as a table, on the wire: what the Autobahn test suite asks of a server, as far as a client can ask it. Every row runs on plain connections
 * and on such that agreed on compression but do not use it, in one write and byte by byte.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { closeGatewayApps, type GatewayApp } from '../support/gateway-app.js';
import { fragments, frame, last, more, Opcode, ping, text } from '../support/frames.js';
import { WireClient } from '../support/wire-client.js';
import { closingCases } from './closing.cases.js';
import { controlCases, controlLimitCases } from './control.cases.js';
import { echoApp, expectCase, type Case } from './conversation.js';
import { fragmentationCases } from './fragmentation.cases.js';
import { framingCases, maskingCases, reservedCases } from './framing.cases.js';
import { invalidSequences, validSequences } from './utf8.sequences.js';

const SECTIONS: readonly (readonly [section: string, cases: readonly Case[]])[] = [
  ['5.1, masking', maskingCases],
  ['5.2, frames', framingCases],
  ['5.2, reserved bits and opcodes', reservedCases],
  ['5.4, fragments', fragmentationCases],
  ['5.5, limits of control frames', controlLimitCases],
  ['5.5, pings and pongs', controlCases],
  ['7, closing', closingCases],
];

/** Larger rows are written at once only. */
const MAX_BYTE_BY_BYTE = 4_000;

const MAX_MESSAGE_BYTES = 100_000;

const connections = [
  ['a plain connection', false],
  ['a connection that agreed on compression', true],
] as const;

describe.each(connections)('RFC 6455 on %s', (_, isCompressed) => {
  let app: GatewayApp;
  beforeAll(async () => {
    app = await echoApp({ compression: isCompressed, maxMessageBytes: MAX_MESSAGE_BYTES });
  });
  afterAll(closeGatewayApps);

  const connect = (): Promise<WireClient> =>
    WireClient.open(app.port, isCompressed ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {});

  describe.each(SECTIONS)('section %s', (_section, cases) => {
    const rows = cases.filter(({ isForPlainConnections = false }) => !(isCompressed && isForPlainConnections));
    it.each(rows)('$name', async (row) => {
      await expectCase(await connect(), row);
      if (Buffer.concat(row.sends).byteLength <= MAX_BYTE_BY_BYTE) await expectCase(await connect(), row, 1);
    });
  });

  describe('section 5.5.3, pongs', () => {
    it('the latest of 5,000 pings at once is answered', async () => {
      const client = await connect();
      const payloads = Array.from({ length: 5_000 }, (_item, index) => String(index));
      await client.write(Buffer.concat(payloads.map(ping)));
      while ((await client.pongs.next()) !== '4999');
      const inOrder = [...client.pongs.all].sort((a, b) => Number(a) - Number(b));
      expect(client.pongs.all).toEqual(inOrder);
      await expectCase(client, { name: '', sends: [], pongs: inOrder });
    });
  });

  describe('section 8.1, text', () => {
    it.each(validSequences)('%s comes back, however it is cut', async (_description, bytes) => {
      const everyByte = cutsOf(bytes).flat();
      const sends = [[], ...cutsOf(bytes), everyByte].flatMap((cuts) => fragments(bytes, cuts));
      const echoes = [...cutsOf(bytes), [], []].map(() => Buffer.from(bytes).toString());
      await expectCase(await connect(), { name: '', sends, echoes });
      await expectCase(await connect(), { name: '', sends: [text(bytes)], echoes: [echoes[0]!] }, 1);
    });

    it.each(invalidSequences)('%s is refused with 1007, however it is cut', async (_description, bytes) => {
      for (const cuts of [[], ...cutsOf(bytes), cutsOf(bytes).flat()]) {
        await expectCase(await connect(), { name: '', sends: fragments(bytes, cuts), closes: 1007 });
      }
      await expectCase(await connect(), { name: '', sends: [text(bytes)], closes: 1007 }, 1);
    });
  });

  describe('section 10.4, limits', () => {
    const limits: readonly Case[] = [
      {
        name: 'a text of the largest size',
        sends: [text('x'.repeat(MAX_MESSAGE_BYTES))],
        echoes: ['x'.repeat(MAX_MESSAGE_BYTES)],
      },
      {
        name: 'fragments of the largest size together',
        sends: fragments(Buffer.alloc(MAX_MESSAGE_BYTES, 'x'), [1, 40_000, 90_000]),
        echoes: ['x'.repeat(MAX_MESSAGE_BYTES)],
      },
      { name: 'a text of one byte more', sends: [text('x'.repeat(MAX_MESSAGE_BYTES + 1))], closes: 1009 },
      {
        name: 'the head alone of a text of one byte more',
        sends: [frame({ opcode: Opcode.text, claims: MAX_MESSAGE_BYTES + 1 })],
        closes: 1009,
      },
      {
        name: 'fragments of one byte more together',
        sends: [text('x'.repeat(MAX_MESSAGE_BYTES), false), more('x')],
        closes: 1009,
      },
      {
        name: 'a last fragment that makes it too large',
        sends: [text('x'.repeat(60_000), false), more('x'.repeat(40_000)), last('x')],
        closes: 1009,
      },
      {
        name: 'a frame that claims 2^63 - 1 bytes',
        sends: [frame({ opcode: Opcode.binary, claims: 2n ** 63n - 1n })],
        closes: 1009,
      },
      {
        name: 'fragments without end',
        sends: [text('', false), ...Array.from({ length: 20_000 }, () => more())],
        closes: 1008,
      },
    ];
    it.each(limits)('$name', async (row) => expectCase(await connect(), row));
  });

  describe('a text comes back', () => {
    const sizes = [0, 1, 125, 126, 1_000, 8_192, 65_535, 65_536];
    it.each([1, 2, 7, 64, 997, 1_024, 8_192])('in pieces of %i bytes', async (pieceBytes) => {
      const texts = sizes.map((size) => 'Kilroy wäs here! '.repeat(size).slice(0, size));
      await expectCase(
        await connect(),
        { name: '', sends: texts.map((each) => text(each)), echoes: texts },
        pieceBytes,
      );
    });
  });
});

describe('RFC 6455 section 4.2.2, the answer to the handshake', () => {
  afterAll(closeGatewayApps);

  it('proves that it was read, and agrees to nothing that was not offered', async () => {
    const app = await echoApp({ compression: true });
    const client = await WireClient.open(app.port);
    const [status, ...lines] = client.head.trimEnd().split('\r\n');
    expect(status).toBe('HTTP/1.1 101 Switching Protocols');
    const answered = 'dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
    const accept = createHash('sha1').update(answered).digest('base64');
    expect(lines.map((line) => line.toLowerCase()).sort()).toEqual(
      ['connection: upgrade', `sec-websocket-accept: ${accept.toLowerCase()}`, 'upgrade: websocket'].sort(),
    );
    expect(lines.join()).toContain(accept);
    client.socket.destroy();
  });
});

/** Every place where bytes can be cut in two. */
function cutsOf(bytes: Uint8Array): number[][] {
  return Array.from({ length: Math.max(0, bytes.byteLength - 1) }, (_, index) => [index + 1]);
}
