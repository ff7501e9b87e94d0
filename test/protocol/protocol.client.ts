import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ServerMessage, ServerMessageType } from '../../src/protocol/wire/server.messages.js';
import { RETRYABLE_WIRE_ERRORS } from '../../src/protocol/wire/wire.error.codes.js';
import { shapeProblem } from './server.message.shape.js';

/** How long what has to come may take. Nobody waits for anything that must not come: see {@link ProtocolClient.settle}. */
const PATIENCE_MS = 8_000;
const RETRY_MS = 50;

type MessageOf<Type extends ServerMessageType> = Extract<ServerMessage, { readonly type: Type }>;

/** What the application sends beside the protocol. */
export interface OwnMessage {
  readonly [field: string]: unknown;
}

/** A client that knows the protocol from its document alone: a socket, JSON, and ids. */
export class ProtocolClient {
  /** The messages of the protocol that came, in order. */
  readonly messages: ServerMessage[] = [];
  /** Those that came beside it. */
  readonly others: OwnMessage[] = [];
  /** What was wrong with any of them. */
  readonly problems: string[] = [];
  private readonly waiting = new Set<() => void>();
  private lastId = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary) => this.take(data.toString(), isBinary));
    socket.on('error', () => undefined);
  }

  /** @param query e.g. `user=42&name=Ada` */
  static async open(url: string, query = ''): Promise<ProtocolClient> {
    const client = new ProtocolClient(new WebSocket(query === '' ? url : `${url}?${query}`));
    await once(client.socket, 'open');
    return client;
  }

  /** Sends text as it is, anything else as JSON. */
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends a request, with an id unless it has one, and resolves the answer that has its id. */
  async ask(request: object): Promise<ServerMessage> {
    const { id = this.nextId() } = request as { id?: unknown };
    const before = this.messages.length;
    this.send({ ...request, id });
    return this.until(
      (message) => 'id' in message && message.id === id && !UNASKED.has(message.type),
      `the answer to ${JSON.stringify(request).slice(0, 200)}`,
      before,
    );
  }

  /** {@link ask}, for an answer of this type. */
  async askFor<Type extends ServerMessageType>(type: Type, request: object): Promise<MessageOf<Type>> {
    const answer = await this.ask(request);
    if (answer.type !== type)
      throw new Error(`${JSON.stringify(request).slice(0, 300)} was answered ${JSON.stringify(answer).slice(0, 300)}`);
    return answer as MessageOf<Type>;
  }

  /** The code that a request is refused with; the type of the answer when it is not. */
  async codeOf(request: object): Promise<string> {
    const answer = await this.ask(request);
    return answer.type === 'error' ? answer.code : answer.type;
  }

  /** {@link askFor} again and again, for what comes true a little later. */
  async retry<Type extends ServerMessageType>(type: Type, request: object): Promise<MessageOf<Type>> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.ask(request);
      if (answer.type === type) return answer as MessageOf<Type>;
      if (Date.now() > deadline)
        throw new Error(`${JSON.stringify(request)} is still answered ${JSON.stringify(answer)}`);
      await delay(RETRY_MS);
    }
  }

  subscribe(channel: string, fields: object = {}): Promise<MessageOf<'subscribed'>> {
    return this.askFor('subscribed', { action: 'subscribe', channel, ...fields });
  }

  publish(channel: string, data: unknown, fields: object = {}): Promise<MessageOf<'published'>> {
    return this.askFor('published', { action: 'publish', channel, data, ...fields });
  }

  /** Raises an event in the application, and resolves what it answered. */
  async request(event: string, data?: unknown): Promise<unknown> {
    const reply = await this.askFor('reply', { action: 'event', event, ...(data !== undefined && { data }) });
    return reply.data;
  }

  /** The messages of one type that came. */
  all<Type extends ServerMessageType>(type: Type): MessageOf<Type>[] {
    return this.messages.filter((message): message is MessageOf<Type> => message.type === type);
  }

  /** The data of the messages of a channel that came. */
  dataOf(channel: string): unknown[] {
    return this.all('message').flatMap((message) => (message.channel === channel ? [message.data] : []));
  }

  /** Waits until that many of a type have come. */
  async atLeast<Type extends ServerMessageType>(type: Type, count: number): Promise<MessageOf<Type>[]> {
    await this.untilTrue(() => this.all(type).length >= count, `${count} of type ${type}`);
    return this.all(type);
  }

  /** Waits for a message, among those from the `from`th on. */
  async until(isRight: (message: ServerMessage) => boolean, what: string, from = 0): Promise<ServerMessage> {
    let found: ServerMessage | undefined;
    await this.untilTrue(() => (found = this.messages.slice(from).find(isRight)) !== undefined, what);
    return found!;
  }

  /** Waits until something holds; looks again whenever a message came. */
  async untilTrue(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}. Came: ${this.lastSaid}`);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.waiting.delete(done);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(done, deadline - Date.now() + 1);
        this.waiting.add(done);
      });
    }
  }

  /** Resolves when whatever the server had sent to this client has come. */
  async settle(): Promise<void> {
    await this.askFor('pong', { action: 'ping' });
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close(1000);
    await closed;
  }

  private nextId(): string {
    return `request ${++this.lastId}`;
  }

  private get lastSaid(): string {
    return JSON.stringify([...this.messages.slice(-5), ...this.others.slice(-3)]).slice(0, 1_500);
  }

  private take(text: string, isBinary: boolean): void {
    if (isBinary) this.problems.push('A binary message.');
    const message: unknown = JSON.parse(text);
    // The application's own have no type, and so have the frames of API Gateway.
    if (typeof message === 'object' && message !== null && 'type' in message) {
      const problem = shapeProblem(message);
      if (problem !== null) this.problems.push(problem);
      if (isMiscounted(message as ServerMessage)) this.problems.push(`Wrong "retry": ${text}`);
      this.messages.push(message as ServerMessage);
    } else this.others.push(message as OwnMessage);
    for (const wake of [...this.waiting]) wake();
  }
}

/** What has an id of its own. */
const UNASKED: ReadonlySet<string> = new Set(['message', 'request', 'part']);

function isMiscounted(message: ServerMessage): boolean {
  return message.type === 'error' && message.retry !== RETRYABLE_WIRE_ERRORS.has(message.code);
}
