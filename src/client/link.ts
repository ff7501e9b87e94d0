import { WIRE_PROTOCOL } from '../protocol/wire/client.messages.js';
import type {
  ErrorMessage,
  PongMessage,
  PublishedMessage,
  ReplyMessage,
  ServerMessage,
  SubscribedMessage,
  UnsubscribedMessage,
  WelcomeMessage,
} from '../protocol/wire/server.messages.js';
import type { ClientSocket } from './client.socket.js';
import { Timers } from './timers.js';
import { SILENCE_MS, type Tools } from './tools.js';

/** What answers a request. */
export type Answer =
  | WelcomeMessage
  | SubscribedMessage
  | UnsubscribedMessage
  | PublishedMessage
  | ReplyMessage
  | PongMessage
  | ErrorMessage
  | (Omit<ErrorMessage, 'code'> & { readonly code: 'timeout' });

/** A message to send. Fields that are undefined are not in its JSON. */
export interface Outgoing {
  readonly action: string;
  readonly [field: string]: unknown;
}

/** Who takes care of connections. */
export interface LinkOwner {
  welcomed(link: Link, welcome: WelcomeMessage): void;
  /** Most of its life is over. */
  aged(link: Link): void;
  lost(link: Link, code: number, reason: string): void;
}

/** Who uses them. */
export interface LinkTraffic {
  /** It can carry messages now. */
  opened(link: Link): void;
  /** A message of the protocol that answers no request. */
  received(link: Link, message: ServerMessage): void;
  /** A frame that is not the protocol's. */
  data(data: unknown): void;
}

const ANSWERS = ['welcome', 'subscribed', 'unsubscribed', 'published', 'reply', 'pong', 'error'];
const NOTICES = ['message', 'part', 'event', 'joining', 'leaving', 'request', 'restored'];

/** One connection: greets, keeps alive, and brings answers to those who asked. */
export class Link {
  readonly #socket: ClientSocket;
  readonly #pingSeconds: number;
  readonly #tools: Tools;
  readonly #owner: LinkOwner;
  readonly #traffic: LinkTraffic;
  welcome: WelcomeMessage | undefined;
  isOpen = false;
  /** Channels that it is about to leave, and what comes then. */
  readonly leaving = new Map<string, () => void>();
  #isOver = false;
  readonly #calls = new Map<string, (answer: Answer) => void>();
  readonly #timers: Timers;

  constructor(
    readonly url: string,
    socket: ClientSocket,
    pingSeconds: number,
    tools: Tools,
    owner: LinkOwner,
    traffic: LinkTraffic,
  ) {
    this.#socket = socket;
    this.#pingSeconds = pingSeconds;
    this.#tools = tools;
    this.#timers = new Timers(tools);
    this.#owner = owner;
    this.#traffic = traffic;
    socket.onopen = () => this.#open();
    socket.onmessage = ({ data }: { data: unknown }) => this.#receive(data);
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => this.end(code, reason);
    // The close event that follows says it all; `ws` throws what nobody listens to.
    socket.onerror = () => undefined;
    this.#silence('No connection.');
  }

  /** How many requests wait for their answers. */
  get pending(): number {
    return this.#calls.size;
  }

  send(message: Outgoing): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  /** Sends a request; `settle` gets the answer, or after `timeoutMs` an error. It is not called when the connection ends before. */
  call(message: Outgoing, settle: (answer: Answer) => void, timeoutMs = SILENCE_MS, id = this.#tools.nextId()): string {
    this.#calls.set(id, settle);
    this.#timers.set(id, timeoutMs, () =>
      this.#settle({ type: 'error', id, code: 'timeout', message: 'No answer.', retry: true }),
    );
    this.send({ ...message, id });
    return id;
  }

  /** Nobody waits for this answer any more. */
  forget(id: string): void {
    this.#timers.stop(id);
    this.#calls.delete(id);
  }

  /** Asks whether everything still works; a server that says nothing is taken for gone. */
  ping(): void {
    if (!this.welcome || this.#timers.has('pong')) return;
    this.#silence('No answer.');
    this.call({ action: 'ping' }, () => this.#timers.stop('pong'), Infinity);
    this.#timers.set('ping', Math.min(this.welcome.pingSeconds, this.#pingSeconds) * 1_000, () => this.ping());
  }

  /** Ends the connection at once, whether or not the other side hears of it. */
  end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isOpen = false;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#timers.clear();
    this.#calls.clear();
    this.#socket.close(1000);
    this.#owner.lost(this, code, reason);
  }

  #open(): void {
    this.isOpen = true;
    this.#silence('No answer to hello: is the option `channels` on?');
    this.call({ action: 'hello', protocol: WIRE_PROTOCOL }, (answer) => this.#greeted(answer), Infinity);
    this.#traffic.opened(this);
  }

  #greeted(answer: Answer): void {
    if (answer.type !== 'welcome') {
      const isFinal = answer.type === 'error' && !answer.retry;
      this.end(isFinal ? 1002 : 1013, answer.type === 'error' ? answer.message : answer.type);
      return;
    }
    this.#timers.stop('pong');
    this.welcome = answer;
    this.#timers.set('ping', Math.min(answer.pingSeconds, this.#pingSeconds) * 1_000, () => this.ping());
    const { lifetimeSeconds } = answer;
    // With some jitter, so that clients that came together do not all move together.
    if (lifetimeSeconds !== undefined)
      this.#timers.set('life', lifetimeSeconds * (850 + 100 * this.#tools.random()), () => this.#owner.aged(this));
    this.#owner.welcomed(this, answer);
  }

  #receive(data: unknown): void {
    let message: unknown = data;
    try {
      if (typeof data === 'string') message = JSON.parse(data);
    } catch {
      // Not JSON, so not the protocol's.
    }
    const { type = '', id = '' } = (message ?? {}) as { type?: string; id?: string };
    if (ANSWERS.includes(type) && this.#calls.has(id)) this.#settle(message as Answer);
    else if (ANSWERS.includes(type) || NOTICES.includes(type)) this.#traffic.received(this, message as ServerMessage);
    else this.#traffic.data(message);
  }

  #settle(answer: Answer): void {
    const { id = '' } = answer;
    const settle = this.#calls.get(id);
    this.forget(id);
    settle?.(answer);
  }

  #silence(reason: string): void {
    this.#timers.set('pong', SILENCE_MS, () => this.end(1006, reason));
  }
}
