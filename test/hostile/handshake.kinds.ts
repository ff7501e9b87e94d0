import { upgradeRequest } from '../support/gateway-client.js';

/** What a client does once its bytes are written. */
type Then = 'waits' | 'ends' | 'resets' | 'trickles';

/** One way of attacking the handshake. */
export interface HostileHandshake {
  readonly name: string;
  readonly sends: string | Uint8Array;
  /** The status of the answer; 0 when there is none. */
  readonly answer: number;
  /** @default 'waits' for the server to close the socket */
  readonly then?: Then;
}

const without = (name: string): string => upgradeRequest({ headers: { [name]: null } });
const withHeaders = (headers: Readonly<Record<string, string>>): string => upgradeRequest({ headers });
/** Lines that an object of headers cannot hold. */
const withLines = (lines: string): string => upgradeRequest({}).replace('\r\n\r\n', `\r\n${lines}\r\n\r\n`);
const startLine = (line: string): string => upgradeRequest({}).replace(/^.*/, line);
const key = (value: string): string => withHeaders({ 'Sec-WebSocket-Key': value });
const many = (count: number, name = 'x-header'): string =>
  Array.from({ length: count }, (_, index) => `${name}-${index}: 1`).join('\r\n');

const VALID = upgradeRequest({});

const headers: readonly HostileHandshake[] = [
  { name: 'no Host', sends: without('Host'), answer: 400 },
  { name: 'no Connection', sends: without('Connection'), answer: 426, then: 'ends' },
  { name: 'no Upgrade', sends: without('Upgrade'), answer: 426, then: 'ends' },
  { name: 'no key', sends: without('Sec-WebSocket-Key'), answer: 400 },
  { name: 'no version', sends: without('Sec-WebSocket-Version'), answer: 400 },
  { name: 'nothing but a request line', sends: 'GET /ws HTTP/1.1\r\n\r\n', answer: 400 },
  { name: 'another upgrade', sends: withHeaders({ Upgrade: 'h2c' }), answer: 400 },
  { name: 'version 12', sends: withHeaders({ 'Sec-WebSocket-Version': '12' }), answer: 400 },
  { name: 'version 013', sends: withHeaders({ 'Sec-WebSocket-Version': '013' }), answer: 400 },
  { name: 'two versions', sends: withLines('Sec-WebSocket-Version: 13'), answer: 400 },
  { name: 'two keys', sends: withLines('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), answer: 400 },
  { name: 'two hosts', sends: withLines('Host: example.org'), answer: 400 },
  { name: 'two lengths', sends: withLines('Content-Length: 0\r\nContent-Length: 5'), answer: 400 },
  { name: 'a length and chunks', sends: withLines('Content-Length: 3\r\nTransfer-Encoding: chunked'), answer: 400 },
  { name: 'a protocol twice', sends: withHeaders({ 'Sec-WebSocket-Protocol': 'a, a' }), answer: 400 },
  {
    name: 'a protocol in two lines',
    sends: withLines('Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a'),
    answer: 400,
  },
  { name: 'a protocol that is none', sends: withHeaders({ 'Sec-WebSocket-Protocol': 'a b,,@' }), answer: 400 },
  { name: '1,000 headers', sends: withLines(many(1_000, 'x-header-with-a-long-name')), answer: 431 },
  { name: '1,000 headers of few bytes', sends: withLines(many(1_000, 'x')), answer: 101, then: 'ends' },
  { name: '1,000 keys', sends: withLines(Array(1_000).fill('Sec-WebSocket-Key: a').join('\r\n')), answer: 431 },
  { name: 'a header of 100 KB', sends: withHeaders({ 'X-Large': 'x'.repeat(100_000) }), answer: 431 },
  { name: 'a header name of 100 KB', sends: withLines(`${'x'.repeat(100_000)}: 1`), answer: 431 },
];

const keys: readonly HostileHandshake[] = [
  { name: 'an empty key', sends: key(''), answer: 400 },
  { name: 'a key of 15 bytes', sends: key(Buffer.alloc(15, 1).toString('base64')), answer: 400 },
  { name: 'a key of 17 bytes', sends: key(Buffer.alloc(17, 1).toString('base64')), answer: 400 },
  { name: 'a key that is not base64', sends: key('!!!!!!!!!!!!!!!!!!!!!!=='), answer: 400 },
  { name: 'a key without its end', sends: key('dGhlIHNhbXBsZSBub25jZQ'), answer: 400 },
  { name: 'a key of 10 KB', sends: key('A'.repeat(10_000)), answer: 400 },
];

const requests: readonly HostileHandshake[] = [
  { name: 'a URL of 100 KB', sends: upgradeRequest({ path: `/ws?${'q'.repeat(100_000)}` }), answer: 431 },
  { name: 'another path', sends: upgradeRequest({ path: '/elsewhere' }), answer: 404 },
  {
    name: 'an absolute URL of another path',
    sends: upgradeRequest({ path: 'http://example.org/elsewhere' }),
    answer: 404,
  },
  { name: 'a path with a null byte', sends: upgradeRequest({ path: '/ws\0' }), answer: 400 },
  { name: 'a path with a space', sends: upgradeRequest({ path: '/w s' }), answer: 400 },
  { name: 'no path', sends: startLine('GET  HTTP/1.1'), answer: 400 },
  { name: 'a target of *', sends: upgradeRequest({ method: 'OPTIONS', path: '*' }), answer: 404 },
  { name: 'POST', sends: upgradeRequest({ method: 'POST' }), answer: 405 },
  { name: 'HEAD', sends: upgradeRequest({ method: 'HEAD' }), answer: 405 },
  { name: 'a method in small letters', sends: upgradeRequest({ method: 'get' }), answer: 400 },
  { name: 'CONNECT', sends: startLine('CONNECT example.org:443 HTTP/1.1'), answer: 0 },
  { name: 'HTTP/1.0', sends: startLine('GET /ws HTTP/1.0'), answer: 400 },
  { name: 'HTTP/0.9', sends: 'GET /ws\r\n\r\n', answer: 426, then: 'ends' },
  { name: 'HTTP/2', sends: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', answer: 400 },
  { name: 'HTTP/9.9', sends: startLine('GET /ws HTTP/9.9'), answer: 400 },
  { name: 'a start of TLS', sends: Buffer.from('160301020001000001fc0303', 'hex'), answer: 400 },
  { name: 'another protocol', sends: 'EHLO example.org\r\n', answer: 400 },
  {
    name: 'random bytes',
    sends: Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 197) % 256)),
    answer: 400,
  },
  { name: 'empty lines', sends: '\r\n'.repeat(40_000), answer: 0, then: 'ends' },
];

const injections: readonly HostileHandshake[] = [
  { name: 'a line feed in a header', sends: withLines('X-A: 1\nX-Injected: 1'), answer: 400 },
  { name: 'a carriage return in a header', sends: withLines('X-A: 1\rX-Injected: 1'), answer: 400 },
  { name: 'a null byte in a header', sends: withLines('X-A: 1\0X-Injected: 1'), answer: 400 },
  { name: 'a header over two lines', sends: withLines('X-A: 1\r\n X-Injected: 1'), answer: 400 },
  { name: 'a space before the colon', sends: withLines('X-Injected : 1'), answer: 400 },
  { name: 'a header without a name', sends: withLines(': X-Injected'), answer: 400 },
  {
    name: 'a protocol with an escaped line end',
    sends: withHeaders({ 'Sec-WebSocket-Protocol': 'a%0d%0aX-Injected: 1' }),
    answer: 400,
  },
  {
    name: 'a request inside the first',
    sends: `${without('Sec-WebSocket-Key')}GET /ws/@connections/x HTTP/1.1\r\nHost: h\r\n\r\n`,
    answer: 400,
  },
];

const afterwards: readonly HostileHandshake[] = [
  { name: 'a handshake and another', sends: VALID + VALID, answer: 101 },
  { name: 'a handshake and garbage', sends: `${VALID}\xff\xff\xff\xff`, answer: 101 },
  { name: 'a handshake with a body', sends: `${withHeaders({ 'Content-Length': '5' })}hello`, answer: 101 },
  { name: 'a handshake that ends', sends: VALID, answer: 101, then: 'ends' },
  { name: 'a handshake that is reset', sends: VALID, answer: 101, then: 'resets' },
  { name: 'half a frame behind the handshake', sends: `${VALID}\x81`, answer: 101, then: 'resets' },
  { name: 'a reset before the first byte', sends: '', answer: 0, then: 'resets' },
  { name: 'a reset in the request line', sends: 'GET /w', answer: 0, then: 'resets' },
  { name: 'a reset in the headers', sends: VALID.slice(0, 60), answer: 0, then: 'resets' },
  { name: 'an end in the headers', sends: VALID.slice(0, 60), answer: 400, then: 'ends' },
  { name: 'an end before the first byte', sends: '', answer: 0, then: 'ends' },
];

/** Those that the server must end by itself, after the time that a handshake may take. */
export const slowHandshakes: readonly HostileHandshake[] = [
  { name: 'a client that says nothing', sends: '', answer: 408 },
  { name: 'a client that stops in the request line', sends: 'GET /w', answer: 408 },
  { name: 'a client that stops in the headers', sends: VALID.slice(0, -2), answer: 408 },
  { name: 'a client that trickles headers for ever', sends: VALID.slice(0, -2), answer: 408, then: 'trickles' },
];

export const quickHandshakes: readonly HostileHandshake[] = [
  ...headers,
  ...keys,
  ...requests,
  ...injections,
  ...afterwards,
];
