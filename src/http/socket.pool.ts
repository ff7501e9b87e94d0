import { AbortWatch } from './abort.watch.js';
import { ExchangeError, type HttpExchange } from './http.exchange.js';
import type { HttpResponse } from './http.response.js';
import { KeepAliveSocket, type Origin, type SocketOwner, type SocketShare } from './keep-alive.socket.js';
import { PoolTimer } from './pool.timer.js';
import { SocketWindow, type SocketWindowOptions } from './socket.window.js';
import { WaitingLine } from './waiting.line.js';
import { createSecureContext, type SecureContext } from 'node:tls';

export interface SocketPoolOptions {
  /** The most requests that are under way at once; twice as many where some are not answered. */
  readonly maxSockets: number;
  /** How long connecting may take, and how long an answer. */
  readonly requestTimeoutMs: number;
  /** What TLS connections trust. @default what Node trusts */
  readonly secureContext?: SecureContext | undefined;
}

/** How much is read at once. Answers are far smaller. */
const READ_BYTES = 16_384;

/** An idle socket is closed after this time, before firewalls and the other side forget it. */
const IDLE_MS = 30_000;

/** See {@link SocketWindow}. Handshakes were measured; the latencies are guesses that the first answer corrects. */
const TLS: Omit<SocketWindowOptions, 'max'> = { handshakeCostMs: 1, assumedLatencyMs: 10 };
const PLAIN: Omit<SocketWindowOptions, 'max'> = { handshakeCostMs: 0.15, assumedLatencyMs: 1 };

/** How often overdue requests are looked for while others wait. */
const MIN_LOOK_MS = 10;
const MAX_LOOK_MS = 100;

/**
 * HTTP/1.1 to one origin, over as many connections as pay. Each carries one request at a time; the one used last is used next. A request
 * that meets a connection which the other side has closed meanwhile goes over a new one at once, unless any of an answer has come.
 */
export class SocketPool implements SocketOwner {
  private readonly sockets = new Set<KeepAliveSocket>();
  private readonly connecting = new Set<KeepAliveSocket>();
  private readonly underWay = new Set<KeepAliveSocket>();
  /** Under way as well, but for so long that nobody waits for them any more. */
  private readonly overdue = new Set<KeepAliveSocket>();
  private readonly idle: KeepAliveSocket[] = [];

  private readonly waiting = new WaitingLine<HttpExchange>();
  /** Those that need a connection which has never been used. */
  private readonly unlucky = new WaitingLine<HttpExchange>();
  private outstanding = 0;

  private readonly window: SocketWindow;
  private readonly share: SocketShare;
  private readonly timer = new PoolTimer((now) => this.check(now));
  private readonly aborts = new AbortWatch((signal) => this.drop((exchange) => exchange.signal === signal));
  private isRetired = false;
  private isClosed = false;

  constructor(
    private readonly origin: Origin,
    private readonly options: SocketPoolOptions,
  ) {
    this.window = new SocketWindow({ max: options.maxSockets, ...(origin.isSecure ? TLS : PLAIN) });
    const context = origin.isSecure ? (options.secureContext ?? createSecureContext()) : undefined;
    this.share = { buffer: Buffer.allocUnsafeSlow(READ_BYTES), context, session: undefined };
  }

  send(exchange: HttpExchange): void {
    const { signal } = exchange;
    if (this.isClosed || signal?.aborted === true) {
      exchange.failed(aborted());
      return;
    }
    if (signal !== undefined) this.aborts.use(signal);
    if (this.outstanding++ === 0) this.timer.ref();
    const now = performance.now();
    const socket = this.waiting.length === 0 ? this.takeIdle() : undefined;
    if (socket !== undefined) {
      this.start(socket, exchange, now);
      return;
    }
    this.waiting.push(exchange);
    this.timer.wakeAt(Math.min(exchange.expiresAt, now + this.lookEveryMs));
    this.open();
  }

  /** Finishes what there is to do, and keeps no connection open after that. */
  retire(): void {
    this.isRetired = true;
    for (const socket of [...this.idle]) socket.close(aborted());
  }

  /** Gives up everything at once. */
  close(): void {
    this.isClosed = true;
    this.drop(() => true);
    for (const socket of [...this.sockets]) socket.close(aborted());
    this.timer.stop();
  }

  ready(socket: KeepAliveSocket): void {
    this.connecting.delete(socket);
    this.engage(socket, this.unlucky.shift());
  }

  answered(socket: KeepAliveSocket, exchange: HttpExchange, response: HttpResponse): void {
    const now = performance.now();
    if (!this.underWay.delete(socket)) this.overdue.delete(socket);
    const { status } = response;
    if (status < 300) this.window.delivered(socket.since, now);
    else if (status === 429) this.window.throttled(exchange.recipient, socket.since, now);
    else this.window.refused(socket.since, now);
    if (response.keepsAlive) this.engage(socket);
    else socket.close(aborted());
    if (this.waiting.length > 0) this.open();
    this.settle(exchange);
    exchange.answered(response);
  }

  closed(socket: KeepAliveSocket, exchange: HttpExchange | null, error: Error, isStale: boolean): void {
    this.sockets.delete(socket);
    const wasConnecting = this.connecting.delete(socket);
    if (!this.underWay.delete(socket) && !this.overdue.delete(socket) && !wasConnecting) this.forgetIdle(socket);
    if (exchange !== null && isStale && !this.isClosed) this.unlucky.push(exchange);
    else if (exchange !== null) this.fail(exchange, error);
    else if (wasConnecting) {
      // Connections are opened for whoever comes first, so that is who learns that it failed.
      const victim = this.unlucky.shift() ?? this.waiting.shift();
      if (victim !== undefined) this.fail(victim, error);
    }
    this.open();
  }

  private takeIdle(): KeepAliveSocket | undefined {
    if (this.underWay.size >= this.window.capacity) return undefined;
    const expired = Date.now() - IDLE_MS;
    for (;;) {
      const socket = this.idle.pop();
      if (socket === undefined || socket.idleSince > expired) return socket;
      socket.close(aborted());
    }
  }

  private forgetIdle(socket: KeepAliveSocket): void {
    const index = this.idle.lastIndexOf(socket);
    if (index >= 0) this.idle.splice(index, 1);
  }

  /** Gives the socket something to do, or lets it rest. */
  private engage(socket: KeepAliveSocket, first?: HttpExchange): void {
    const exchange = first ?? (this.underWay.size < this.window.capacity ? this.waiting.shift() : undefined);
    if (exchange !== undefined) this.start(socket, exchange, performance.now());
    else if (this.isRetired) socket.close(aborted());
    else {
      socket.idleSince = Date.now();
      this.idle.push(socket);
      this.timer.wakeAt(performance.now() + IDLE_MS);
    }
  }

  private start(socket: KeepAliveSocket, exchange: HttpExchange, now: number): void {
    let request: string;
    try {
      request = exchange.compose();
    } catch (error) {
      this.fail(exchange, error as Error);
      this.engage(socket);
      return;
    }
    this.underWay.add(socket);
    socket.send(exchange, request, now);
    this.timer.wakeAt(this.givesUpAt(socket, exchange));
  }

  /** Finds sockets for those that wait: such as are idle since there was no room for them, then new ones, as far as they pay. */
  private open(): void {
    if (this.isClosed) return;
    this.employIdle();
    const { connecting, waiting, unlucky, sockets } = this;
    const atMost = 2 * this.options.maxSockets;
    const worthHaving = this.window.socketsFor(this.outstanding) + this.overdue.size;
    while (sockets.size < atMost) {
      const isDue = connecting.size < unlucky.length;
      const pays = connecting.size < unlucky.length + waiting.length && sockets.size < worthHaving;
      if (!isDue && !pays) return;
      const socket = new KeepAliveSocket(this.origin, this.share, this);
      sockets.add(socket);
      connecting.add(socket);
      this.timer.wakeAt(socket.since + this.options.requestTimeoutMs);
    }
  }

  private employIdle(): void {
    while (this.waiting.length > 0) {
      const socket = this.takeIdle();
      if (socket === undefined) return;
      this.engage(socket);
    }
  }

  private givesUpAt(socket: KeepAliveSocket, exchange: HttpExchange): number {
    return Math.min(exchange.expiresAt, socket.since + this.options.requestTimeoutMs);
  }

  private get lookEveryMs(): number {
    return Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, this.window.overdueAfterMs / 2));
  }

  /** Ends what has taken too long. @returns when to look again */
  private check(now: number): number {
    let next = Infinity;
    const isOver = (time: number): boolean => {
      if (time > now) next = Math.min(next, time);
      return time <= now;
    };
    for (const exchange of this.takeOut(({ expiresAt }) => isOver(expiresAt))) this.fail(exchange, tooLate());
    for (const socket of this.connecting) {
      if (isOver(socket.since + this.options.requestTimeoutMs)) socket.close(tooLate());
    }
    for (const socket of [...this.underWay, ...this.overdue]) {
      const exchange = socket.exchange as HttpExchange;
      if (isOver(this.givesUpAt(socket, exchange))) socket.close(exchange.expiresAt <= now ? tooLate() : unanswered());
    }
    const idleUntil = Date.now() - IDLE_MS;
    for (const socket of this.idle.filter(({ idleSince }) => idleSince <= idleUntil)) socket.close(aborted());
    if (this.idle.length > 0) next = Math.min(next, now + IDLE_MS / 2);
    if (this.waiting.length > 0) {
      this.findOverdue(now - this.window.overdueAfterMs);
      next = Math.min(next, now + this.lookEveryMs);
    }
    return next;
  }

  private findOverdue(before: number): void {
    for (const socket of this.underWay) {
      // They are in the order in which they began.
      if (socket.since > before) break;
      this.underWay.delete(socket);
      this.overdue.add(socket);
    }
    this.open();
  }

  private drop(isConcerned: (exchange: HttpExchange) => boolean): void {
    for (const exchange of this.takeOut(isConcerned)) this.fail(exchange, aborted());
    for (const socket of [...this.underWay, ...this.overdue]) {
      if (socket.exchange !== null && isConcerned(socket.exchange)) socket.close(aborted());
    }
  }

  private takeOut(isConcerned: (exchange: HttpExchange) => boolean): HttpExchange[] {
    return [...this.unlucky.takeOut(isConcerned), ...this.waiting.takeOut(isConcerned)];
  }

  private fail(exchange: HttpExchange, error: Error): void {
    this.settle(exchange);
    exchange.failed(error);
  }

  private settle({ signal }: HttpExchange): void {
    if (signal !== undefined) this.aborts.release(signal);
    if (--this.outstanding > 0) return;
    this.window.rest();
    this.timer.unref();
  }
}

function aborted(): Error {
  return new ExchangeError('AbortError', 'The request was given up.');
}

function tooLate(): Error {
  return new ExchangeError('TimeoutError', 'The time for this request is over.');
}

function unanswered(): Error {
  return new ExchangeError('TimeoutError', 'The other side did not answer in time.', 'ETIMEDOUT');
}
