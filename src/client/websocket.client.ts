import type {
  AnyContract,
  ChannelOf,
  DataOf,
  EventOf,
  ReplyOf,
  RequestOf,
  WebSocketContract,
} from '../protocol/wire/contract.js';
import type { ServerMessage, WelcomeMessage } from '../protocol/wire/server.messages.js';
import { WebSocketClientError } from './client.error.js';
import type { WebSocketClientOptions } from './client.options.js';
import type { ClientStatus, ClientStatusEvent } from './client.status.js';
import type { Answer, Link, Outgoing } from './link.js';
import { Listeners, surface, type Unsubscribe } from './listeners.js';
import { Outbox } from './outbox.js';
import { Room, type RoomOwner } from './room.js';
import type { PresenceSubscription, SubscribeOptions, Subscription } from './subscription.js';
import { Supervisor, type SupervisorOwner } from './supervisor.js';
import { toolsOf, type Tools } from './tools.js';

export interface RequestOptions {
  readonly timeoutMs?: number;
}

/**
 * A connection that lasts: it comes back, subscribes again, and goes on where it was.
 *
 * @example
 * const client = new WebSocketClient<Chat>({ urls: 'wss://example.com/ws' });
 * client.connect();
 * const room = client.subscribe('room.1');
 * room.onMessage(({ data }) => show(data));
 */
export class WebSocketClient<Contract extends WebSocketContract = AnyContract> {
  readonly #options: WebSocketClientOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #tools: Tools;
  readonly #supervisor: Supervisor;
  readonly #outbox: Outbox;
  readonly #statuses = new Listeners<[ClientStatusEvent]>();
  readonly #data = new Listeners<[unknown]>();
  readonly #welcomes = new Listeners<[WelcomeMessage]>();
  readonly #errors = new Listeners<[WebSocketClientError]>();
  readonly #questions = new Set<(data: unknown) => unknown>();

  readonly #owner: SupervisorOwner & RoomOwner = {
    changed: (event) => this.#statuses.emit(event),
    opened: (link) => this.#rooms.forEach((room) => room.attach(link)),
    welcomed: (welcome) => {
      this.#outbox.limit(welcome.maxMessageBytes);
      this.#welcomes.emit(welcome);
    },
    received: (link, message) => this.#received(link, message),
    data: (data) => this.#data.emit(data),
    lost: (link) => {
      this.#rooms.forEach((room) => room.detach(link));
      this.#outbox.lost(link);
    },
    inUse: (link) => {
      this.#rooms.forEach((room) => room.ensure(link));
      this.#outbox.flush();
    },
    isLiveOn: (link) => [...this.#rooms.values()].every((room) => room.isLiveOn(link)),
    failed: (reason) => this.#outbox.fail(new WebSocketClientError('closed', reason)),
    settled: () => this.#moved(),
    closed: (room, error) => {
      if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
      this.#outbox.fail(error, room);
      this.#moved();
    },
    request: (message, room, timeoutMs) => this.#send(message, room, timeoutMs),
    check: (message) => this.#outbox.check(message),
  };

  readonly onStatus = this.#statuses.add;
  /** Calls back with what the server says when it lets in; `data` is what a listener of `websocket.ready` returned. */
  readonly onWelcome = this.#welcomes.add;
  /** Calls back for frames that are not the protocol's: parsed where they are JSON. */
  readonly onData = this.#data.add;
  /** Calls back for errors that answer nothing that anybody waits for, such as those of whispers. */
  readonly onError = this.#errors.add;

  constructor(options: WebSocketClientOptions) {
    this.#options = options;
    this.#tools = toolsOf(options);
    this.#supervisor = new Supervisor(options, this.#tools, this.#owner);
    this.#outbox = new Outbox(options.maxQueued ?? 100, this.#tools, () => this.#supervisor.link);
  }

  get status(): ClientStatus {
    return this.#supervisor.status;
  }

  /** Connects, and stays connected until `close()`. */
  connect(): void {
    this.#supervisor.start();
  }

  /** Disconnects and fails what waits for an answer; subscriptions go on with the next `connect()`. */
  close(): void {
    this.#supervisor.stop('disconnected');
  }

  /** Answers the questions of the server; the first listener that returns something does. One that throws answers nothing. */
  onRequest(listener: (data: unknown) => unknown): Unsubscribe {
    this.#questions.add(listener);
    return () => void this.#questions.delete(listener);
  }

  /** Subscribes, at once and after each reconnection. Asked again for a channel, it gives the same subscription. */
  subscribe<Name extends ChannelOf<Contract>>(
    name: Name,
    options: SubscribeOptions = {},
  ): Subscription<DataOf<Contract, Name>> {
    return this.#roomOf(name, options) as Subscription as Subscription<DataOf<Contract, Name>>;
  }

  /** Subscribes to a channel with presence, to know who is there. */
  join<Name extends ChannelOf<Contract>>(
    name: Name,
    options: SubscribeOptions = {},
  ): PresenceSubscription<DataOf<Contract, Name>> {
    const room = this.#roomOf(name, options, true);
    return room as PresenceSubscription as PresenceSubscription<DataOf<Contract, Name>>;
  }

  /** Asks the application; resolves with what it answers. */
  async request<Name extends EventOf<Contract>>(
    event: Name,
    data?: RequestOf<Contract, Name>,
    { timeoutMs }: RequestOptions = {},
  ): Promise<ReplyOf<Contract, Name>> {
    const answer = await this.#send({ action: 'event', event, data }, undefined, timeoutMs);
    return (answer as { data?: unknown }).data as ReplyOf<Contract, Name>;
  }

  /** Authenticates anew with what `token` gives, before the authentication of this connection expires. */
  async refreshToken(): Promise<void> {
    const token = await this.#options.token?.();
    this.#supervisor.link?.send({ action: 'authenticate', token });
  }

  #roomOf(name: string, options: SubscribeOptions, hasPresence = false): Room {
    let room = this.#rooms.get(name);
    const isNew = !room;
    room ??= new Room(name, options, this.#tools, this.#owner);
    room.users++;
    this.#rooms.set(name, room);
    if (hasPresence) room.withPresence();
    if (isNew) for (const link of this.#supervisor.open) room.attach(link);
    return room;
  }

  #moved(): void {
    this.#outbox.flush();
    this.#supervisor.takeOver();
  }

  #received(link: Link, message: ServerMessage): void {
    if (message.type === 'restored') this.#rooms.forEach((room) => room.again(link));
    else if (message.type === 'request') void this.#answer(link, message.id, message.data).catch(surface);
    else if (message.type === 'error')
      this.#errors.emit(new WebSocketClientError(message.code, message.message, message.retry));
    else if ('channel' in message) this.#rooms.get(message.channel)?.received(link, message);
  }

  async #answer(link: Link, id: string, question: unknown): Promise<void> {
    if (this.#questions.size === 0) return;
    let data: unknown;
    for (const ask of this.#questions) data ??= await ask(question);
    const reply = { action: 'reply', id, data };
    this.#outbox.check(reply);
    link.send(reply);
  }

  #send(
    message: Outgoing,
    room: Room | undefined,
    timeoutMs = this.#options.requestTimeoutMs ?? 10_000,
  ): Promise<Answer> {
    const { status } = this;
    if (room?.error && room.status === 'closed') return Promise.reject(room.error);
    if (status === 'disconnected' || status === 'failed')
      return Promise.reject(
        new WebSocketClientError('not-connected', `Call connect(): the client is ${status}.`, true),
      );
    return this.#outbox.send(message, room, timeoutMs);
  }
}
