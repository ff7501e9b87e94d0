import { WebSocketClientError } from './client.error.js';
import type { Answer, Link, Outgoing } from './link.js';
import type { Room } from './room.js';
import { Timers } from './timers.js';
import type { Tools } from './tools.js';

/** How often a publish may find that the server does not know of its subscription. */
const MAX_RESUBSCRIPTIONS = 3;

interface Request {
  /** The same with every attempt, so that the server does nothing twice. */
  readonly id: string;
  readonly message: Outgoing;
  /** The channel that has to be subscribed before. */
  readonly room: Room | undefined;
  readonly finish: (answer: Answer | WebSocketClientError) => void;
  /** Where it was sent, and has not been answered. */
  link?: Link | undefined;
  error?: WebSocketClientError;
  attempt: number;
}

/** Requests that outlive connections: they wait for one, are sent again on the next, and tried again where that helps. */
export class Outbox {
  readonly #maxQueued: number;
  readonly #tools: Tools;
  readonly #timers: Timers;
  readonly #linkOf: () => Link | undefined;
  readonly #requests = new Set<Request>();
  #maxMessageBytes = Infinity;

  constructor(maxQueued: number, tools: Tools, linkOf: () => Link | undefined) {
    this.#maxQueued = maxQueued;
    this.#tools = tools;
    this.#timers = new Timers(tools);
    this.#linkOf = linkOf;
  }

  /** How many bytes the server takes; those of larger requests that wait fail when their turn comes. */
  limit(maxMessageBytes: number): void {
    this.#maxMessageBytes = maxMessageBytes;
  }

  send(message: Outgoing, room: Room | undefined, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = this.#tools.nextId();
      this.check({ ...message, id });
      if ([...this.#requests].filter(({ link }) => !link).length >= this.#maxQueued)
        throw new WebSocketClientError('not-connected', 'Too many requests wait.', true);
      const finish = (answer: Answer | WebSocketClientError): void => {
        this.#requests.delete(request);
        this.#timers.stop(request);
        this.#timers.stop(id);
        request.link?.forget(id);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const request: Request = { id, message, room, finish, attempt: 0 };
      this.#timers.set(id, timeoutMs, () =>
        finish(request.error ?? new WebSocketClientError('timeout', `No answer within ${timeoutMs} ms.`, true)),
      );
      this.#requests.add(request);
      this.flush();
    });
  }

  check(message: Outgoing): void {
    const bytes = new TextEncoder().encode(JSON.stringify(message)).length;
    if (bytes > this.#maxMessageBytes)
      throw new WebSocketClientError(
        'too-large',
        `${bytes} bytes; the server takes ${this.#maxMessageBytes}. Send less.`,
      );
  }

  /** Sends what can be sent now. */
  flush(): void {
    const link = this.#linkOf();
    if (!link?.welcome) return;
    for (const request of this.#requests) {
      const { id, message, room, finish } = request;
      if (request.link || this.#timers.has(request) || (room && !room.isLiveOn(link))) continue;
      try {
        this.check({ ...message, id });
      } catch (error) {
        finish(error as WebSocketClientError);
        continue;
      }
      request.link = link;
      link.call(message, (answer) => this.#answered(request, link, answer), Infinity, id);
    }
  }

  /** The answers to what was sent there will not come. */
  lost(lost: Link): void {
    for (const request of this.#requests) if (request.link === lost) request.link = undefined;
  }

  /** Fails all requests, or those of one channel. */
  fail(error: WebSocketClientError, room?: Room): void {
    for (const request of this.#requests) if (!room || request.room === room) request.finish(error);
  }

  #answered(request: Request, link: Link, answer: Answer): void {
    const { finish, message, room } = request;
    request.link = undefined;
    if (answer.type !== 'error') {
      finish(answer);
      return;
    }
    // The first attempt did it, and its answer got lost.
    if (answer.code === 'duplicate' && message.action === 'publish') {
      finish(answer);
      return;
    }
    const error = new WebSocketClientError(answer.code, answer.message, answer.retry);
    const isForgotten = answer.code === 'not-subscribed' && room && request.attempt < MAX_RESUBSCRIPTIONS;
    if (!answer.retry && !isForgotten) {
      finish(error);
      return;
    }
    request.error = error;
    const { retryAfterMs = this.#tools.jitter(request.attempt) } = answer as { retryAfterMs?: number };
    request.attempt++;
    if (isForgotten) {
      room.again(link);
      return;
    }
    this.#timers.set(request, retryAfterMs, () => this.flush());
  }
}
