import { WebSocketClientError } from './client.error.js';
import type { WebSocketClientOptions } from './client.options.js';
import type { ClientSocket, ClientSocketConstructor } from './client.socket.js';
import { Link, type LinkOwner, type LinkTraffic } from './link.js';
import type { Tools } from './tools.js';
import { UrlPicker } from './url.picker.js';

/** Opens connections: to a URL that is well, with a fresh token. */
export class Connector {
  readonly #options: WebSocketClientOptions;
  readonly #tools: Tools;
  readonly picker: UrlPicker;
  readonly #Socket: ClientSocketConstructor;

  constructor(options: WebSocketClientOptions, tools: Tools) {
    this.#options = options;
    this.#tools = tools;
    const { urls, select } = options;
    this.picker = new UrlPicker([urls].flat(), select === 'random' ? () => tools.random() : undefined);
    const Socket = options.WebSocket ?? (globalThis as { WebSocket?: unknown }).WebSocket;
    if (!Socket) throw new WebSocketClientError('no-websocket', 'Give the option WebSocket: the constructor of `ws`.');
    this.#Socket = Socket as ClientSocketConstructor;
  }

  /** A socket for each attempt; `null` when it is not wanted any more by the time the token is there. */
  async open(owner: LinkOwner, traffic: LinkTraffic, isWanted: () => boolean): Promise<Link | null> {
    const { token: ask, tokenParameter = 'token', protocols = [], pingSeconds = Infinity } = this.#options;
    const token = await ask?.();
    if (!isWanted()) return null;
    const url = this.picker.next();
    const query =
      token === undefined || tokenParameter === null
        ? ''
        : `${url.includes('?') ? '&' : '?'}${encodeURIComponent(tokenParameter)}=${encodeURIComponent(token)}`;
    const offered = [...(typeof protocols === 'function' ? protocols(token) : protocols)];
    const socket: ClientSocket = new this.#Socket(url + query, offered);
    return new Link(url, socket, pingSeconds, this.#tools, owner, traffic);
  }
}
