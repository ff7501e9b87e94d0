import { describe, expect, it } from '@jest/globals';
import { InvalidResponseError, type HttpResponse } from '../../src/http/http.response.js';
import { ResponseParser } from '../../src/http/response.parser.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

function parse(text: string, parser = new ResponseParser()): HttpResponse | null {
  return parser.push(Buffer.from(text, 'latin1'));
}

describe('the reader of answers', () => {
  it('reads what somebody asks for, whatever its spelling, and nothing else', () => {
    const head =
      'HTTP/1.1 403 Forbidden\r\nDate: Sat, 21 Nov 2026 15:00:00 GMT\r\nx-other: a\r\nX-AMZN-ErrorType:  ForbiddenException:http://x \r\n';
    expect(parse(`${head}content-length: 4\r\n\r\nbody`)).toEqual({
      status: 403,
      errorType: 'ForbiddenException:http://x',
      date: 'Sat, 21 Nov 2026 15:00:00 GMT',
      body: 'body',
      isBodyWhole: true,
      keepsAlive: true,
    });
  });

  it.each([
    ['a length', 'HTTP/1.1 500 X\r\nContent-Length: 3\r\n\r\nabc', 'abc'],
    ['chunks', 'HTTP/1.1 500 X\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n', 'abc'],
    ['no chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', ''],
    ['nothing, for 204 has no body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['nothing, for 304 has no body whatever it says', 'HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n', ''],
  ])('ends a body by %s, and keeps the connection', (_, text, body) => {
    expect(parse(text)).toMatchObject({ body, keepsAlive: true });
  });

  it('ends a body with the connection when the head does not say where', () => {
    const parser = new ResponseParser();
    expect(parse('HTTP/1.1 502 X\r\n\r\n<html>', parser)).toBeNull();
    expect(parse('</html>', parser)).toBeNull();
    expect(parser.end()).toMatchObject({ status: 502, body: '<html></html>', keepsAlive: false });
  });

  it('knows that a body which should be longer is no answer', () => {
    const parser = new ResponseParser();
    expect(parse('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', parser)).toBeNull();
    expect(parser.end()).toBeNull();
    expect(parser.hasBegun).toBe(true);
  });

  it('skips interim answers', () => {
    expect(parse(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`)?.status).toBe(200);
  });

  it('knows whether anything has come', () => {
    const parser = new ResponseParser();
    expect(parser.hasBegun).toBe(false);
    parse('HTTP/1.1 100 Continue\r\n\r\n', parser);
    expect(parser.hasBegun).toBe(true);
    parse(OK, parser);
    expect(parser.hasBegun).toBe(false);
    parse('H', parser);
    expect(parser.hasBegun).toBe(true);
  });

  it.each([
    ['asks for it', 'HTTP/1.1 200 OK\r\nConnection: Keep-Alive, CLOSE\r\nContent-Length: 0\r\n\r\n'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['says more than it was asked', `${OK}HTTP/1.1 200 OK\r\n`],
  ])('gives up the connection when the other side %s', (_, text) => {
    expect(parse(text)).toMatchObject({ status: 200, keepsAlive: false });
  });

  it('keeps the connection when a header only has a word like close in it', () => {
    expect(parse('HTTP/1.1 200 OK\r\nConnection: enclosed\r\nContent-Length: 0\r\n\r\n')?.keepsAlive).toBe(true);
  });

  it('does not believe the date of an answer from a cache', () => {
    expect(parse('HTTP/1.1 403 X\r\nDate: x\r\nAge: 7\r\nContent-Length: 0\r\n\r\n')?.date).toBeNull();
  });

  it('keeps the beginning of a long body, and says so', () => {
    const parser = new ResponseParser({ maxHeadBytes: 100, maxBodyBytes: 100, maxKeptBytes: 4 });
    expect(parse('HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nabcdef', parser)).toMatchObject({
      body: 'abcd',
      isBodyWhole: false,
    });
  });

  it.each([
    ['another protocol', 'RTSP/1.0 200 OK\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a long status', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['a blank before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX: a\r\n b: c\r\n\r\n'],
    ['a line that ends without CR', 'HTTP/1.1 200 OK\r\nX: a\nContent-Length: 0\r\n\r\n'],
    ['a CR in a line', 'HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 0, 0\r\n\r\n'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['another encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    ['chunks of HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a malformed chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n'],
    ['an overlong chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['endless extensions', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(300)}`],
    ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`],
    ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)],
    ['endless trailers', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'X: y\r\n'.repeat(4_000)}`],
    ['a body beyond the limit', 'HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n'],
    ['a chunk beyond the limit', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n'],
    ['an endless body', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_048_577)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parse(text)).toThrow(InvalidResponseError);
  });
});
