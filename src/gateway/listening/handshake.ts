import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** A handshake that ends without a WebSocket. */
export interface Refusal {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The `Sec-WebSocket-Key` of 16 bytes that RFC 6455 section 4.1 asks for. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** A list of tokens (RFC 6455 section 4.1, RFC 9110 section 5.6.2). */
const PROTOCOLS = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;

/**
 * What is wrong with an opening handshake, `null` when nothing is (RFC 6455 section 4.2.1). Looked at before the application hears of the
 * connection, so that it never has to take one back.
 */
export function refusalOf(request: IncomingMessage): Refusal | null {
  const { upgrade, 'sec-websocket-key': key, 'sec-websocket-version': version } = request.headers;
  const { 'sec-websocket-protocol': protocols } = request.headers;
  // Of a request that is to be upgraded Node checks neither the version nor the host.
  if (request.httpVersion !== '1.1') return refusal(400, 'Expected HTTP/1.1');
  if (countOf('host', request) !== 1) return refusal(400, 'Expected one Host header');
  if (request.method !== 'GET') return refusal(405, 'Method Not Allowed', { Allow: 'GET' });
  if (upgrade?.toLowerCase() !== 'websocket') return refusal(400, 'Expected the Upgrade header to be websocket');
  if (key === undefined || !KEY.test(key)) return refusal(400, 'Expected a Sec-WebSocket-Key of 16 bytes in base64');
  if (version !== '13' && version !== '8') {
    return refusal(400, 'Expected the Sec-WebSocket-Version to be 13', { 'Sec-WebSocket-Version': '13, 8' });
  }
  if (protocols !== undefined && !areProtocols(protocols)) {
    return refusal(400, 'Expected the Sec-WebSocket-Protocol to name different protocols');
  }
  return null;
}

function countOf(name: string, { rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((each, index) => index % 2 === 0 && each.toLowerCase() === name).length;
}

function areProtocols(header: string): boolean {
  if (!PROTOCOLS.test(header)) return false;
  const names = header.split(',').map((name) => name.trim());
  return new Set(names).size === names.length;
}

export function refusal(status: number, message: string, headers: Record<string, string> = {}): Refusal {
  return { status, body: JSON.stringify({ message }), headers };
}

/** Answers an upgrade request with plain HTTP and closes its socket. */
export function refuse(socket: Duplex, { status, body, headers = {} }: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const all = {
    Connection: 'close',
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  // Of an upgrade Node hears no error any more, and one that nobody hears ends the process: a client that resets must not be able to.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n'));
}
