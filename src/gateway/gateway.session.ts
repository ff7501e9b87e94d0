import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { inTime, LATE, type Clock } from '../contracts/clock.js';
import { ErrorFrames } from '../protocol/error-frames.js';
import { parseJson } from '../protocol/json.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
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

/** How a connection was closed. */
interface Closing {
  readonly code: number;
  readonly reason: string;
}

interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** RFC 6455 section 7.4.1: the close frame was empty. The reason is the one that API Gateway gives then. */
const NO_STATUS: Closing = Object.freeze({ code: 1005, reason: 'Client-side close frame status not set' });

/** The close codes of what the WebSocket library refuses; anything else is a protocol error, 1002. */
const VIOLATIONS: Readonly<Record<string, number>> = Object.freeze({
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
});

/** One connection of the embedded gateway: turns a socket's life into API Gateway's three events. */
export class GatewaySession implements LocalSocket {
  private socket: WebSocket | undefined;
  private closing: Closing | undefined;
  private readonly waiting: Message[] = [];
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
    socket.on('message', (data, isBinary) => this.receive({ data: data as Buffer, isBinary }));
    // `close` follows, but does not know the code that the server itself sent.
    socket.on('error', (error) => (this.closing ??= closingOf(error)));
    socket.once('close', (code, reason) => {
      const received = code === NO_STATUS.code ? NO_STATUS : { code, reason: reason.toString() };
      void this.end(this.closing ?? received);
    });
  }

  /** Tells the application that the connection is over. */
  async end({ code, reason }: Closing): Promise<void> {
    try {
      await this.context.handle(disconnectEvent(this.source, code, reason, this.context.clock.now()));
    } finally {
      this.endSession();
    }
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
    if (!this.isOpen) return;
    this.closing = { code, reason };
    this.socket?.close(code, reason);
  }

  /** Drops the socket without a closing handshake. */
  terminate(): void {
    this.socket?.terminate();
  }

  private receive(message: Message): void {
    this.lastActiveAtMs = this.context.clock.now();
    this.waiting.push(message);
    this.dispatchWaiting();
  }

  private dispatchWaiting(): void {
    const { maxInFlightMessages } = this.context;
    while (this.inFlight < maxInFlightMessages) {
      const message = this.waiting.shift();
      if (message === undefined) break;
      this.inFlight++;
      void this.dispatch(message).finally(() => {
        this.inFlight--;
        this.dispatchWaiting();
      });
    }
    // Left in the socket, further messages push back on the client instead of filling the memory.
    if (this.inFlight >= maxInFlightMessages) this.socket?.pause();
    else if (this.socket?.isPaused === true) this.socket.resume();
  }

  private async dispatch({ data, isBinary }: Message): Promise<void> {
    const body = data.toString(isBinary ? 'base64' : 'utf8');
    const routeKey = this.context.routes.routeOf(isBinary ? undefined : parseJson(body));
    if (routeKey === null) {
      this.write(ErrorFrames.forbidden(this.connectionId, createId()));
      return;
    }
    const event = messageEvent(this.source, routeKey, body, isBinary, this.context.clock.now());
    const requestId = event.requestContext.requestId ?? createId();
    const response = await inTime(
      this.context.clock,
      ApiGatewayLimits.integrationTimeoutMs,
      this.context.handle(event),
    );
    if (response === LATE) this.write(ErrorFrames.timedOut(this.connectionId, requestId));
    else if (this.context.routeResponses.has(routeKey)) this.write(response.body);
    // Whether API Gateway tells the client of a failed one-way route is not settled; silence would help nobody.
    else if (response.statusCode >= 400) this.write(ErrorFrames.internalServerError(this.connectionId, requestId));
  }

  private write(text: string): void {
    this.send(Buffer.from(text));
  }
}

/** What the server answers a frame that breaks the protocol with; `undefined` when it was the network that failed. */
function closingOf({ code = '' }: Error & { readonly code?: string }): Closing | undefined {
  if (!code.startsWith('WS_ERR_')) return undefined;
  return { code: VIOLATIONS[code] ?? 1002, reason: '' };
}

function ignore(): void {}
