import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { ExchangeError, type HttpExchange } from './http.exchange.js';
import type { HttpResponse } from './http.response.js';
import { ResponseParser } from './response.parser.js';

/** The other side of a pool's sockets. */
export interface Origin {
  readonly isSecure: boolean;
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What sockets of one origin share. */
export interface SocketShare {
  /** Where bytes are read to. They are looked at before the next ones are, so that one is enough for all. */
  readonly buffer: Buffer;
  /** One for all, for making one costs as much as half a handshake. */
  readonly context: SecureContext | undefined;
  /** What the latest handshake left to resume from. */
  session: Buffer | undefined;
}

/** Who is told what becomes of a socket. */
export interface SocketOwner {
  /** It has connected and can take its first request. */
  ready(socket: KeepAliveSocket): void;
  answered(socket: KeepAliveSocket, exchange: HttpExchange, response: HttpResponse): void;
  /** It is closed. `exchange` is the one that will not be answered any more, `isStale` whether it met a connection that had died meanwhile. */
  closed(socket: KeepAliveSocket, exchange: HttpExchange | null, error: Error, isStale: boolean): void;
}

/** One connection, which takes one request at a time and does not keep the process alive. */
export class KeepAliveSocket {
  exchange: HttpExchange | null = null;
  /** When it began to do what it does now: to connect, to wait for an answer, or to wait for a request. In `performance.now()`. */
  since = performance.now();
  /** When it went idle, by the wall clock: that goes on while a frozen process stands still. */
  idleSince = 0;

  private readonly socket: Socket;
  private readonly parser = new ResponseParser();
  private answers = 0;
  private isClosed = false;

  constructor(
    { isSecure, host, port }: Origin,
    share: SocketShare,
    private readonly owner: SocketOwner,
  ) {
    // Without a buffer of ours each answer would be read into a new one of 64 KB.
    const onread = {
      buffer: share.buffer,
      callback: (length: number, buffer: Uint8Array): boolean => {
        this.read(buffer.subarray(0, length));
        return true;
      },
    };
    const options = { host, port, noDelay: true, keepAlive: true, onread };
    this.socket = isSecure
      ? connectTls({
          ...options,
          ALPNProtocols: ['http/1.1'],
          ...(share.context !== undefined && { secureContext: share.context }),
          ...(share.session !== undefined && { session: share.session }),
          ...(isIP(host) === 0 && { servername: host }),
        })
      : connectPlain(options);
    this.socket.unref();
    this.socket.on(isSecure ? 'secureConnect' : 'connect', () => this.owner.ready(this));
    this.socket.on('session', (session: Buffer) => (share.session = session));
    this.socket.on('end', () => this.ended());
    this.socket.on('error', (error) => this.died(error));
    this.socket.on('close', () => this.died(hangUp()));
  }

  send(exchange: HttpExchange, request: string, now: number): void {
    this.exchange = exchange;
    this.since = now;
    this.socket.write(request, 'latin1');
  }

  /** Closes it at once, and with it the request that is under way. */
  close(error: Error): void {
    this.finish(error, false);
  }

  private read(piece: Uint8Array): void {
    if (this.isClosed) return;
    const { exchange } = this;
    // Nobody asked. Some servers say why before they close an idle connection.
    if (exchange === null) {
      this.died(hangUp());
      return;
    }
    try {
      const response = this.parser.push(piece);
      if (response !== null) this.settle(exchange, response);
    } catch (error) {
      this.close(error as Error);
    }
  }

  private ended(): void {
    const response = this.exchange === null ? null : this.parser.end();
    if (response !== null) this.settle(this.exchange as HttpExchange, response);
    else this.died(hangUp());
  }

  private died(error: Error): void {
    this.finish(error, this.answers > 0 && !this.parser.hasBegun);
  }

  private finish(error: Error, isStale: boolean): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const { exchange } = this;
    this.exchange = null;
    this.socket.destroy();
    this.owner.closed(this, exchange, error, isStale);
  }

  private settle(exchange: HttpExchange, response: HttpResponse): void {
    this.exchange = null;
    this.answers++;
    this.owner.answered(this, exchange, response);
  }
}

function hangUp(): Error {
  return new ExchangeError('Error', 'The other side closed the connection.', 'ECONNRESET');
}
