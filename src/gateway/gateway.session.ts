import type { IncomingMessage as HttpRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { inTime, LATE, monotonicNow } from '../contracts/clock.js';
import type { DisconnectCause } from '../contracts/connection.js';
import type { ClosedBy } from '../contracts/gateway.observer.js';
import type { OutgoingMessage } from '../contracts/connection.transport.js';
import { Closes, UnsentCloses, type Close } from '../protocol/close-codes.js';
import { ErrorFrames } from '../protocol/error-frames.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import type { WebSocketResponse } from '../protocol/response.js';
import type { LocalSocket, WriteOutcome } from '../transports/local/local.transport.js';
import { measureFrames } from './frames/frame.meter.js';
import { FrameWriter } from './frames/frame.writer.js';
import type { FramedMessage } from './frames/framed.message.js';
import { InflationGate } from './frames/inflation.gate.js';
import { connectEvent, disconnectEvent, messageEvent, type EventSource } from './gateway.events.js';
import type { GatewaySocket, SocketOwner } from './gateway.socket.js';
import { createId } from './identifier.js';
import { MessageQueue, type IncomingMessage, type MessageQueueOwner } from './message.queue.js';
import type { SessionContext } from './session.context.js';
import type { Watched } from './session.watch.js';
import { closeOnViolation } from './violation.js';

/** How a connection was closed. */
interface Closing extends Pick<Close, 'code' | 'reason'> {
  /** Who did, when it was not the client. */
  readonly cause?: DisconnectCause | undefined;
}

/** One connection of the embedded gateway: turns a socket's life into API Gateway's three events. */
export class GatewaySession implements LocalSocket, SocketOwner, Watched, MessageQueueOwner {
  private socket: GatewaySocket | undefined;
  private stream: Duplex | undefined;
  private writer: FrameWriter | undefined;
  /** `null` where nothing is inflated. */
  private inflation: InflationGate | null = null;
  private closing: Closing | undefined;
  /** Made for the first message: most connections wait for news and send nothing. */
  private messages: MessageQueue | undefined;
  /** How many messages of the client were taken, and how many of them are at most; `null` for all. */
  private heard = 0;
  private hearsUpTo: number | null = null;
  private hasEnded = false;
  /** Whether the last message to the client was held back. */
  private isThrottled = false;
  private ending: Promise<void> | undefined;
  private tellEnd: (() => void) | undefined;
  readonly openedAtMs: number;
  lastActiveAtMs: number;
  closingSinceMs: number | null = null;
  slowSinceMs: number | null = null;
  pingAtMs = 0;
  bytesReadAtPing = -1;
  dueAtMs = 0;
  queueIndex = -1;

  constructor(
    private readonly source: EventSource,
    private readonly context: SessionContext,
  ) {
    this.openedAtMs = this.lastActiveAtMs = monotonicNow(context.clock);
  }

  get connectionId(): string {
    return this.source.connectionId;
  }

  /** What `GET @connections/{id}` tells. */
  get info(): { connectedAt: string; identity: EventSource['identity']; lastActiveAt: string } {
    const { connectedAt, identity } = this.source;
    const { clock } = this.context;
    const lastActiveAt = clock.now() - (monotonicNow(clock) - this.lastActiveAtMs);
    return {
      connectedAt: new Date(connectedAt).toISOString(),
      identity,
      lastActiveAt: new Date(lastActiveAt).toISOString(),
    };
  }

  /** Whether the handshake is done; until then posts to the connection are answered 410. */
  get isOpen(): boolean {
    return this.writer?.isOpen === true;
  }

  /** Resolves once the DISCONNECT event has been handled. Made for who asks: most sessions end without anybody waiting. */
  get ended(): Promise<void> {
    this.ending ??= this.hasEnded ? Promise.resolve() : new Promise((resolve) => (this.tellEnd = resolve));
    return this.ending;
  }

  get bufferedBytes(): number {
    return this.writer?.bufferedBytes ?? 0;
  }

  get bytesRead(): number | null {
    return (this.stream as Partial<Socket> | undefined)?.bytesRead ?? null;
  }

  get isReading(): boolean {
    return this.stream?.isPaused() === false;
  }

  /** Asks the application whether the connection may be opened. */
  async connect(request: HttpRequest): Promise<WebSocketResponse> {
    const { authorizer, clock } = this.context;
    const event = connectEvent(this.source, request, clock.now());
    if (authorizer === null) return this.context.handle(event);
    const verdict = await authorizer.judge(event);
    if ('refusal' in verdict) return verdict.refusal;
    this.source.authorizer = verdict.authorizer;
    const requestContext = { ...event.requestContext, authorizer: verdict.authorizer };
    return this.context.handle({ ...event, requestContext });
  }

  /**
   * Takes over the socket of a finished handshake.
   *
   * @param stream what the socket reads from and writes to
   * @param windowBits see {@link FramedMessage.frameFor}
   */
  open(socket: GatewaySocket, stream: Duplex, windowBits: number): void {
    this.socket = socket;
    this.stream = stream;
    this.writer = new FrameWriter(socket, stream, this.context.maxBufferedBytes, windowBits);
    if (socket.inflater !== null) {
      this.inflation = new InflationGate(socket.inflater);
      stream.once('close', () => this.leaveUnread(this.messages?.isFull === true));
    }
    socket.belongTo(this);
    // Before the WebSocket library: what it makes of a frame that is refused comes too late.
    if (this.context.isStrict) {
      measureFrames(stream, ApiGatewayLimits.frameBytes, (messages) => this.refuse(Closes.messageTooBig, messages));
    }
    this.context.watch.add(this);
    this.context.observer?.opened(this.connectionId);
  }

  /** Tells the application that the connection is over. */
  async end({ code, reason, cause }: Closing): Promise<void> {
    try {
      await this.context.handle(disconnectEvent(this.source, code, reason, this.context.clock.now()), { cause });
    } finally {
      this.hasEnded = true;
      this.context.ended(this.connectionId);
      this.tellEnd?.();
    }
  }

  send(message: OutgoingMessage): WriteOutcome {
    return this.writeFrame(this.context.frames.of(message));
  }

  /** @param cause whom `disconnected` names for it; without one, the client or whoever asked for it */
  close(code: number, reason: string, cause?: DisconnectCause): void {
    if (!this.isOpen) return;
    this.closeWith({ code, reason, cause });
    this.writer?.end(() => this.socket?.close(code, reason));
  }

  ping(): void {
    this.socket?.ping();
  }

  /** Resolves when none of its messages is being handled. */
  async settled(): Promise<void> {
    await this.messages?.idle();
  }

  /** Drops the socket without a closing handshake. */
  terminate(): void {
    this.socket?.terminate();
  }

  received(data: Buffer, isBinary: boolean): void {
    if (this.heard === this.hearsUpTo) return;
    this.context.observer?.received(data.byteLength);
    if (isBinary && this.context.isStrict) {
      this.refuse(Closes.unsupportedData);
      return;
    }
    this.heard++;
    this.lastActiveAtMs = monotonicNow(this.context.clock);
    this.messages ??= new MessageQueue(this, this.context.messageLimits);
    this.messages.add({ data, isBinary });
    if (this.heard === this.hearsUpTo) this.inflation?.end();
    if (this.messages.backlogBytes > this.context.maxBacklogBytes) this.refuse(Closes.tooMuchAtOnce);
  }

  leaveUnread(isUnread: boolean): void {
    if (isUnread) {
      this.socket?.pause();
      this.inflation?.hold();
      if (this.stream?.destroyed === true) this.deafen();
      return;
    }
    this.inflation?.release();
    if (this.socket?.isPaused === true) {
      this.socket.resume();
      // A pong may wait among what was not read.
      this.bytesReadAtPing = -1;
    }
  }

  // `closed` follows, but does not know the code that the server itself sent.
  failed(error: Error): void {
    const close = closeOnViolation(error);
    // Without one it was the network, and there is nobody to close.
    if (close !== null) this.closeWith(close);
  }

  closed(code: number, reason: Buffer): void {
    this.context.watch.remove(this);
    const received = code === UnsentCloses.noStatus.code ? UnsentCloses.noStatus : { code, reason: reason.toString() };
    const end = this.closing ?? received;
    this.context.observer?.closed(this.connectionId, this.closedBy(code), end.code);
    void this.end(end);
  }

  /** Without a client there is nobody to push back on: its end would have to wait until all that was read of it is inflated and handled. */
  private deafen(): void {
    if (this.inflation === null) return;
    this.hearsUpTo = this.heard;
    this.inflation.end();
  }

  private closedBy(receivedCode: number): ClosedBy {
    if (this.closing !== undefined) return 'server';
    return receivedCode === UnsentCloses.abnormal.code ? 'nobody' : 'client';
  }

  private closeWith({ code, reason, cause }: Closing): void {
    if (this.closing !== undefined) return;
    this.closing = { code, reason, cause };
    this.closingSinceMs = monotonicNow(this.context.clock);
    this.context.watch.closing(this);
  }

  /** Closes on a client that sent what it may not, and hears no more of it than the messages before that. */
  private refuse({ code, reason }: Close, messages = this.heard): void {
    this.hearsUpTo ??= messages;
    if (this.heard === this.hearsUpTo) this.inflation?.end();
    this.close(code, reason);
  }

  async handle({ data, isBinary }: IncomingMessage): Promise<void> {
    const body = data.toString(isBinary ? 'base64' : 'utf8');
    const routeKey = this.context.routes.routeOf(isBinary ? null : body);
    if (routeKey === null) {
      this.context.observer?.handled(this.connectionId, null, 403, 0);
      this.write(ErrorFrames.forbidden(this.connectionId, createId()));
      return;
    }
    const { clock } = this.context;
    const startedAtMs = monotonicNow(clock);
    const event = messageEvent(this.source, routeKey, body, isBinary, clock.now());
    const requestId = event.requestContext.requestId ?? createId();
    const response = await inTime(
      clock,
      ApiGatewayLimits.integrationTimeoutMs,
      this.context.handle(event, { isOver: this.hasEnded }),
    );
    const status = response === LATE ? 504 : response.statusCode;
    this.context.observer?.handled(this.connectionId, routeKey, status, monotonicNow(clock) - startedAtMs);
    if (response === LATE) this.write(ErrorFrames.timedOut(this.connectionId, requestId));
    else if (this.context.routeResponses.has(routeKey)) this.respond(response.body);
    // Whether API Gateway tells the client of a failed one-way route is not settled; silence would help nobody.
    else if (response.statusCode >= 400) {
      this.write(ErrorFrames.ofStatus(response.statusCode, this.connectionId, requestId));
    }
  }

  /** An answer without a body is none: what there was to say was posted. */
  private respond(body: string): void {
    if (body !== '') this.write(body);
  }

  private write(text: string): void {
    this.writeFrame(this.context.frames.once(Buffer.from(text)));
  }

  private writeFrame(message: FramedMessage): WriteOutcome {
    const outcome = this.writer?.send(message) ?? 'gone';
    if (outcome === 'delivered') {
      this.lastActiveAtMs = monotonicNow(this.context.clock);
      this.slowSinceMs = null;
      this.isThrottled = false;
      this.context.observer?.sent(message.bytes);
    } else if (outcome === 'throttled') {
      // The watch may have noticed before.
      if (!this.isThrottled) this.context.observer?.slowed(this.connectionId);
      this.isThrottled = true;
      this.context.watch.throttled(this);
    }
    return outcome;
  }
}
