import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { request } from 'node:http';
import { InvalidResponseError, type HttpResponse } from '../../src/http/http.response.js';
import { ResponseParser } from '../../src/http/response.parser.js';
import { FaultyServer, stopFaultyServers } from '../support/faulty-server.js';

type Result = HttpResponse | 'refused' | 'unfinished';

/** The first answer in the pieces, after which the other side closes. */
function read(pieces: readonly Buffer[]): Result {
  const parser = new ResponseParser();
  try {
    for (const piece of pieces) {
      const response = parser.push(piece);
      if (response !== null) return response;
    }
    return parser.end() ?? 'unfinished';
  } catch (error) {
    if (error instanceof InvalidResponseError) return 'refused';
    throw error;
  }
}

function cut(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => whole.subarray(from, places[index] ?? whole.length));
}

const text = fc.string({ unit: fc.constantFrom('a', 'Z', '7', ' ', ';', ':', '{', '"', 'é'), maxLength: 30 });
const body = text.map((value) => Buffer.from(value, 'latin1').toString('latin1'));
const field = fc.tuple(fc.constantFrom('X-A', 'Server', 'Date', 'x-amzn-ErrorType', 'Connection', 'Keep-Alive'), text);

/** Answers as a server may send them. */
const answers = fc
  .record({
    interim: fc.constantFrom('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    status: fc.constantFrom(200, 201, 204, 301, 304, 400, 403, 410, 413, 429, 500, 503),
    fields: fc.array(field, { maxLength: 5 }),
    body,
    framing: fc.constantFrom('length', 'chunked', 'close'),
    chunkSize: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ interim, status, fields, body: content, framing, chunkSize }) => {
    const head = fields.map(([name, value]) => `${name}: ${value.replace(/[^\x20-\x7e]/g, '')}\r\n`).join('');
    const isEmpty = status === 204 || status === 304;
    const chunks = content.match(new RegExp(`[^]{1,${chunkSize}}`, 'g')) ?? [];
    const framed = {
      length: `Content-Length: ${content.length}\r\n\r\n${content}`,
      chunked: `Transfer-Encoding: chunked\r\n\r\n${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`,
      close: `\r\n${content}`,
    };
    const rest = isEmpty ? '\r\n' : framed[framing];
    return Buffer.from(`${interim}HTTP/1.1 ${status} Reason\r\n${head}${rest}`, 'latin1');
  });

/** Bytes near enough to an answer that much of the reader is reached. */
const nearly = fc
  .array(
    fc.constantFrom(
      ...[
        'HTTP/1.1 200 OK\r\n',
        'HTTP/1.1 100 C\r\n\r\n',
        'Content-Length: 3\r\n',
        'Content-Length: 99999999\r\n',
        '\r\n',
      ],
      ...[
        'Transfer-Encoding: chunked\r\n',
        '\r\n\r\n',
        '3\r\n',
        'abc',
        '0\r\n',
        '\r',
        '\n',
        ':',
        ' ',
        '\0',
        'ffffffff\r\n',
      ],
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

describe('the reader of answers, whatever comes', () => {
  it('reads the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.oneof(answers, nearly), fc.array(fc.nat(), { maxLength: 20 }), (whole, cuts) => {
        const inOne = read([whole]);
        const inPieces = read(cut(whole, cuts));
        const comparable = (result: Result) => (typeof result === 'string' ? result : { ...result, keepsAlive: null });
        // Whether more follows is not known before it comes.
        expect(comparable(inPieces)).toEqual(comparable(inOne));
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers, waits or refuses, and does nothing else', () => {
    const noise = fc.oneof(
      nearly,
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 5 }), (whole, cuts) => {
        const result = read(cut(whole, cuts));
        expect(result === 'refused' || result === 'unfinished' || result.status >= 200).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("the reader of answers beside Node's own", () => {
  let server: FaultyServer;
  let next = Buffer.alloc(0);
  beforeAll(async () => {
    server = await FaultyServer.start((socket) => void socket.end(next));
  });
  afterAll(stopFaultyServers);

  function askNode(): Promise<object> {
    return new Promise((resolve) => {
      const asking = request({ port: server.port, host: '127.0.0.1', method: 'POST', agent: false }, (response) => {
        let received = '';
        response.setEncoding('latin1').on('data', (piece: string) => (received += piece));
        response.on('end', () => {
          resolve({ status: response.statusCode, errorType: response.headers['x-amzn-errortype'], body: received });
        });
        response.on('error', () => resolve({ broken: true }));
      });
      asking.on('error', () => resolve({ broken: true }));
      asking.end();
    });
  }

  it('reads the same', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (whole) => {
        next = whole;
        const ours = read([whole]);
        const node = (await askNode()) as { status?: number; errorType?: string; body?: string; broken?: boolean };
        if (typeof ours === 'string') {
          expect(node).toEqual({ broken: true });
          return;
        }
        expect(node).toMatchObject({ status: ours.status, body: ours.body });
        // Node joins a header that comes twice; the SDK sees that, but API Gateway does not do it.
        if (node.errorType?.includes(',') !== true) expect(ours.errorType ?? undefined).toBe(node.errorType);
      }),
      { numRuns: 150 },
    );
  });
});
