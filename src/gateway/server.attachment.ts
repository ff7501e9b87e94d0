import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { refusal, refuse } from './handshake.js';

/** Answers some of an HTTP server's requests; each method tells whether this one was its own. */
export interface ServerGuest {
  request(request: IncomingMessage, response: ServerResponse): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Shows every request of a server to `guest` first, and leaves those that are not its own to the server's other listeners. In front of
 * them, because an application's body parsers would consume what a signature was made over.
 *
 * @returns what undoes it
 */
export function attachTo(server: Server, guest: ServerGuest): () => void {
  const others = server.listeners('request') as RequestListener[];
  const onRequest: RequestListener = (request, response) => {
    if (guest.request(request, response)) return;
    if (others.length > 0) for (const listener of others) listener.call(server, request, response);
    else response.writeHead(404).end();
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (guest.upgrade(request, socket, head)) return;
    // Alone on the server, nobody else would ever answer.
    if (server.listenerCount('upgrade') === 1) refuse(socket, refusal(404, 'Not Found'));
  };
  server.removeAllListeners('request').on('request', onRequest).on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
    // Another guest that came later holds this listener among its others, and calls them through it.
    if (!server.listeners('request').includes(onRequest)) return;
    server.off('request', onRequest);
    for (const listener of others) server.on('request', listener);
  };
}
