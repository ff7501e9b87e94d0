import type { IncomingMessage } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../contracts/clock.js';
import { ErrorFrames } from '../protocol/error-frames.js';
import { parseJson } from '../protocol/json.js';
import type { WebSocketEvent } from '../protocol/events.js';
import type { WebSocketResponse } from '../protocol/response.js';
import type { LocalSocket } from '../transports/local/local.transport.js';
import { connectEvent, disconnectEvent, messageEvent, type EventSource } from './gateway.events.js';
import { createId } from './identifier.js';
import type { RouteTable } from './route.table.js';

/** What a session needs of the gateway that it belongs to. */
export interface SessionContext {
  readonly clock: Clock;
  readonly routes: RouteTable;
  readonly routeResponses: ReadonlySet<string>;
  readonly maxInFlightMessages: number;
  readonly maxBufferedBytes: number;
  handle(event: WebSocketEvent): Promise<WebSocketResponse>;
}

/** The texts that API Gateway gives where a close frame carries none. */
const CLOSE_REASONS: Readonly<Record<number, string>> = Object.freeze({
  1000: 'Connection Closed Normally',
  1001: 'Going away',
  1005: 'Client-side close frame status not set',
});

/** One connection of the embedded gateway: turns a socket's life into API Gateway's three events. */
export class GatewaySession implements LocalSocket {
  private socket: WebSocket | undefined;
  private inFlight = 0;
  private lastActiveAtMs: number;
  private endSession!: () => void;
  /** Resolves once the DISCONNECT event has been handled. */
  readonly ended = new Promise<void>((resolve) => (this.endSession = resolve));

  constructor(
    private readonly source: EventSource,
    private readonly context: SessionContext,
  ) {
    this.lastActiveAtMs = source.connectedAt;
  }

  get connectionId(): string {
    return this.source.connectionId;
  }

  /** What `GET @connections/{id}` tells. */
  get info(): { connectedAt: string; identity: EventSource['identity']; lastActiveAt: string } {
    const { connectedAt, identity } = this.source;
    return {
      connectedAt: new Date(connectedAt).toISOString(),
      identity,
      lastActiveAt: new Date(this.lastActiveAtMs).toISOString(),
    };
  }

  /** Whether the handshake is done; until then posts to the connection are answered 410. */
  get isOpen(): boolean {
    return this.socket !== undefined && this.socket.readyState === this.socket.OPEN;
  }

  /** Asks the application whether the connection may be opened. */
  connect(request: IncomingMessage): Promise<WebSocketResponse> {
    return this.context.handle(connectEvent(this.source, request, this.context.clock.now()));
  }

  /** Takes over the socket of a finished handshake. */
  open(socket: WebSocket): void {
    this.socket = socket;
    socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    // A broken frame or a reset: `close` follows and carries the code.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => void this.end(code, reason.toString()));
  }

  /** Tells the application that the connection is over. */
  async end(code: number, reason: string): Promise<void> {
    await this.context.handle(
      disconnectEvent(this.source, code, reason || (CLOSE_REASONS[code] ?? ''), this.context.clock.now()),
    );
    this.endSession();
  }

  send(payload: Uint8Array): 'delivered' | 'gone' | 'throttled' {
    const { socket } = this;
    if (socket === undefined || socket.readyState !== socket.OPEN) return 'gone';
    if (socket.bufferedAmount > this.context.maxBufferedBytes) return 'throttled';
    this.lastActiveAtMs = this.context.clock.now();
    socket.send(payload, { binary: false }, ignore);
    return 'delivered';
  }

  close(code: number, reason: string): void {
    this.socket?.close(code, reason);
  }

  /** Drops the socket without a closing handshake. */
  terminate(): void {
    this.socket?.terminate();
  }

  private receive(data: RawData, isBinary: boolean): void {
    this.lastActiveAtMs = this.context.clock.now();
    // Left in the socket, further messages push back on the client instead of filling the memory.
    if (++this.inFlight >= this.context.maxInFlightMessages) this.socket?.pause();
    void this.dispatch(data as Buffer, isBinary).finally(() => {
      if (--this.inFlight < this.context.maxInFlightMessages) this.socket?.resume();
    });
  }

  private async dispatch(data: Buffer, isBinary: boolean): Promise<void> {
    const body = data.toString(isBinary ? 'base64' : 'utf8');
    const routeKey = this.context.routes.routeOf(isBinary ? undefined : parseJson(body));
    if (routeKey === null) {
      this.write(ErrorFrames.forbidden(this.connectionId, createId()));
      return;
    }
    const event = messageEvent(this.source, routeKey, body, isBinary, this.context.clock.now());
    const { statusCode, body: answer } = await this.context.handle(event);
    if (this.context.routeResponses.has(routeKey)) this.write(answer);
    // Whether API Gateway tells the client of a failed one-way route is not settled; silence would help nobody.
    else if (statusCode >= 400)
      this.write(ErrorFrames.internalServerError(this.connectionId, event.requestContext.requestId ?? createId()));
  }

  private write(text: string): void {
    this.send(Buffer.from(text));
  }
}

function ignore(): void {}
