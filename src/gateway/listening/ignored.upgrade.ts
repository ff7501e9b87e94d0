import { Server as SecureServer } from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { refusal, refuse } from './handshake.js';

/** How many entries of `rawHeaders` Node keeps where the server does not say; those beyond are lost. */
const DEFAULT_HEADER_ENTRIES = 2_000;

/** Whether a request is to become a WebSocket. Others, such as `h2c`, may be ignored by a server (RFC 9110 section 7.8). */
export function wantsWebSocket({ headers: { upgrade = '' } }: IncomingMessage): boolean {
  return upgrade.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/**
 * Lets a server answer a request as if it had not asked for an upgrade. Where anybody listens to upgrades Node takes every one of them for accepted:
 * it neither reads the body nor tells the listeners of requests. So the connection is given to the server once more, and on it the same request
 * without that header.
 *
 * @param previous the answer to the last request on the same connection
 */
export function ignoreUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  previous: ServerResponse | undefined,
): void {
  // What frames the body might be among the lost ones, and the body would be read as a request of its own.
  if (request.rawHeaders.length >= keptEntriesOf(server)) {
    refuse(socket, refusal(431, 'Request Header Fields Too Large'));
    return;
  }
  const begin = (): void => {
    socket.off('error', ignore);
    if (socket.destroyed) return;
    // The one that Node sets between two requests.
    (socket as Partial<Socket>).setTimeout?.(0);
    socket.unshift(Buffer.concat([Buffer.from(textOf(request), 'latin1'), head]));
    server.emit(server instanceof SecureServer ? 'secureConnection' : 'connection', socket);
  };
  // Node listens no more, and what nobody listens to would end the process.
  socket.on('error', ignore);
  // A client need not wait for one answer before its next request; the answers must keep their order.
  if (previous === undefined || previous.closed) begin();
  else previous.once('close', begin);
}

function ignore(): void {
  // The stream destroys itself.
}

function keptEntriesOf({ maxHeadersCount }: Server): number {
  if (typeof maxHeadersCount !== 'number') return DEFAULT_HEADER_ENTRIES;
  return maxHeadersCount === 0 ? Infinity : 2 * maxHeadersCount;
}

/** As it came, byte by byte, but for the upgrade. */
function textOf({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    const key = name.toLowerCase();
    if (key === 'connection') lines.push(`${name}: ${withoutUpgrade(value)}`);
    else if (key !== 'upgrade') lines.push(`${name}: ${value}`);
  }
  return [...lines, '', ''].join('\r\n');
}

function withoutUpgrade(options: string): string {
  const others = options.split(',').filter((option) => option.trim().toLowerCase() !== 'upgrade');
  return others.map((option) => option.trim()).join(', ');
}
