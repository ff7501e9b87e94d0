import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { refusal, refuse } from './handshake.js';
import { ignoreUpgrade, wantsWebSocket } from './ignored.upgrade.js';

/** Answers some of an HTTP server's requests; each method tells whether this one was its own. */
export interface ServerGuest {
  request(request: IncomingMessage, response: ServerResponse): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Shows every request and every upgrade of a server to `guest` first, and leaves those that are not its own to the server's other
 * listeners. In front of them, because an application's body parsers would consume what a signature was made over, and other WebSocket
 * servers drop the sockets that they do not know. An upgrade to another protocol that nobody listens to is ignored: it stays a request.
 *
 * @returns what undoes it
 */
export function attachTo(server: Server, guest: ServerGuest): () => void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  const detachRequest = intercept<RequestListener>(server, 'request', (others) => (request, response) => {
    responses.set(request.socket, response);
    if (guest.request(request, response)) return;
    if (others.length > 0) for (const listener of others) listener.call(server, request, response);
    else response.writeHead(404).end();
  });
  const detachUpgrade = intercept<UpgradeListener>(server, 'upgrade', (others) => (request, socket, head) => {
    if (guest.upgrade(request, socket, head)) return;
    if (others.length > 0) for (const listener of others) listener.call(server, request, socket, head);
    // Alone on the server, nobody else would ever answer.
    else if (server.listenerCount('upgrade') === 1) {
      if (wantsWebSocket(request)) refuse(socket, refusal(404, 'Not Found'));
      else ignoreUpgrade(server, request, socket, head, responses.get(socket));
    }
  });
  return () => {
    detachRequest();
    detachUpgrade();
  };
}

/** The part of a server that keeps its listeners, whatever they take. */
interface Listeners {
  listeners(event: string): unknown[];
  on(event: string, listener: unknown): unknown;
  off(event: string, listener: unknown): unknown;
  removeAllListeners(event: string): unknown;
}

/** Puts a listener in the place of those that an event has, which it is given to call. Returns what puts them back. */
function intercept<Listener>(
  server: Listeners,
  event: string,
  create: (others: readonly Listener[]) => Listener,
): () => void {
  const others = server.listeners(event) as Listener[];
  const listener = create(others);
  server.removeAllListeners(event);
  server.on(event, listener);
  return () => {
    // Another guest that came later holds this listener among its others, and calls them through it.
    if (!server.listeners(event).includes(listener)) return;
    server.off(event, listener);
    for (const other of others) server.on(event, other);
  };
}
