import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Logger } from '@nestjs/common';
import { WebSocketServer } from 'ws';
import { inTime, LATE, type Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import { describeError, type EventPublisher } from '../events/event.publisher.js';
import type { ResolvedGatewayOptions } from '../options/gateway.options-resolver.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import type { WebSocketResponse } from '../protocol/response.js';
import type { LocalTransport } from '../transports/local/local.transport.js';
import type { WebSocketHandler } from '../websocket.handler.js';
import { ConnectionsApi } from './connections.api.js';
import type { EventSource } from './gateway.events.js';
import { GatewaySession, type SessionContext } from './gateway.session.js';
import { refusal, refusalOf, refuse } from './handshake.js';
import { createId } from './identifier.js';
import { RecordRenewal } from './record.renewal.js';
import { RouteTable, routesWithListeners } from './route.table.js';
import { attachTo, type ServerGuest } from './server.attachment.js';
import { SignatureVerifier } from './signature.verifier.js';

/** What the server works with. */
export interface GatewayServerContext {
  readonly options: ResolvedGatewayOptions;
  readonly handler: WebSocketHandler;
  readonly publisher: EventPublisher;
  readonly transport: LocalTransport;
  readonly store: ConnectionStore;
  readonly clock: Clock;
  /** How often the records of open connections are renewed. */
  readonly renewEveryMs: number;
  /** Resolves when the application's listeners are attached; nobody is let in before. */
  readonly ready: () => Promise<void>;
}

const KEEP_ALIVE_MS = 60_000;

/** How long clients get to answer a close before their sockets are dropped. */
const CLOSE_GRACE_MS = 2_000;

/** Serves WebSockets and `@connections` on an HTTP server, and leaves its other requests and upgrades to whoever handles them. */
export class GatewayServer implements ServerGuest {
  private readonly logger = new Logger('WebSocket');
  private readonly sessions = new Map<string, GatewaySession>();
  private readonly handshakes = new Set<Promise<void>>();
  private readonly connections: ConnectionsApi;
  private readonly sockets: WebSocketServer;
  private readonly renewal: RecordRenewal;
  private sessionContext: Promise<SessionContext> | undefined;
  private isClosing = false;
  private detach = (): void => undefined;

  constructor(private readonly context: GatewayServerContext) {
    const { path, credentials, region, maxMessageBytes } = context.options;
    const verifier = credentials === null ? null : new SignatureVerifier(credentials, region, context.clock);
    this.renewal = new RecordRenewal(context.store, context.clock, context.renewEveryMs, () => this.sessions.keys());
    this.connections = new ConnectionsApi(path, this.sessions, verifier);
    // Without handleProtocols ws would choose the first protocol that a client offers; API Gateway chooses none by itself.
    this.sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: maxMessageBytes,
      handleProtocols: () => false,
    });
  }

  /** Starts serving on a server, which may have handlers of its own and may be listening already. */
  attach(server: Server): void {
    this.detach = attachTo(server, this);
    this.renewal.start();
  }

  /** Refuses new connections, closes those that are open with 1001, and resolves when the application knows of the end of each. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.renewal.stop();
    const sessions = [...this.sessions.values()];
    for (const session of sessions) session.close(1001, 'Going away');
    const cancel = this.context.clock.after(CLOSE_GRACE_MS, () => {
      for (const session of sessions) session.terminate();
    });
    const all = Promise.all([...sessions.map(({ ended }) => ended), ...this.handshakes]);
    // A listener that never ends must not keep the application from closing.
    if ((await inTime(this.context.clock, ApiGatewayLimits.integrationTimeoutMs, all)) === LATE) {
      this.logger.warn('The embedded gateway closed before every listener had ended.');
    }
    cancel();
    this.detach();
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.connections.accepts(request, response)) return true;
    if (!this.isOurs(request)) return false;
    answerPlainRequest(response);
    return true;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (!this.isOurs(request)) return false;
    const handshake = this.shakeHands(request, socket, head).finally(() => this.handshakes.delete(handshake));
    this.handshakes.add(handshake);
    return true;
  }

  private isOurs({ url = '' }: IncomingMessage): boolean {
    const { path } = this.context.options;
    return url === path || url.startsWith(`${path}?`) || url === `${path}/` || url.startsWith(`${path}/?`);
  }

  private async shakeHands(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A client that resets while it waits must not take the process with it.
    socket.on('error', () => socket.destroy());
    // One that vanished without a word is noticed by the operating system, in minutes.
    request.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    try {
      const problem = this.isClosing ? refusal(503, 'Service unavailable') : refusalOf(request);
      if (problem === null) await this.open(request, socket, head);
      else refuse(socket, problem);
    } catch (error) {
      this.logger.error('A handshake failed.', describeError(error));
      refuse(socket, refusal(500, 'Internal server error'));
    }
  }

  private async open(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const session = new GatewaySession(
      this.sourceOf(request),
      await (this.sessionContext ??= this.createSessionContext()),
    );
    const handling = session.connect(request);
    const response = await inTime(this.context.clock, ApiGatewayLimits.integrationTimeoutMs, handling);
    if (response === LATE) {
      refuse(socket, refusal(504, 'Endpoint request timed out'));
      // Whatever the application still makes of it, there is no connection.
      if (isAccepted(await handling)) await session.end({ code: 1006, reason: '' });
    } else if (isAccepted(response)) await this.admit(session, request, socket, head);
    else refuse(socket, { status: response.statusCode, body: response.body });
  }

  /** Finishes the handshake of a connection that the application accepted. */
  private async admit(session: GatewaySession, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    let isOpen = false;
    try {
      if (!this.isClosing) {
        this.sockets.handleUpgrade(request, socket, head, (opened) => {
          isOpen = true;
          this.keep(session);
          session.open(opened);
        });
      }
    } finally {
      // The client went away while it waited for its answer, or the server is closing.
      if (!isOpen) await session.end({ code: 1006, reason: '' });
    }
    if (!isOpen) refuse(socket, refusal(503, 'Service unavailable'));
  }

  /** Makes a session known until it ends. */
  private keep(session: GatewaySession): void {
    const { connectionId } = session;
    this.sessions.set(connectionId, session);
    this.context.transport.attach(connectionId, session);
    void session.ended.then(() => {
      this.sessions.delete(connectionId);
      this.context.transport.detach(connectionId);
    });
  }

  private sourceOf(request: IncomingMessage): EventSource {
    const { stage, apiId } = this.context.options;
    const userAgent = request.headers['user-agent'];
    const sourceIp = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    return {
      connectionId: createId(),
      connectedAt: this.context.clock.now(),
      domainName: request.headers.host ?? '',
      stage,
      apiId,
      identity: { ...(userAgent !== undefined && { userAgent }), sourceIp },
    };
  }

  private async createSessionContext(): Promise<SessionContext> {
    const { options, handler, publisher, transport, clock, ready } = this.context;
    await ready();
    const { routeResponses, maxInFlightMessages, maxBufferedBytes } = options;
    return {
      clock,
      routes: new RouteTable(options.selectRoute, options.routes ?? routesWithListeners(publisher.emitter)),
      routeResponses,
      maxInFlightMessages,
      maxBufferedBytes,
      handle: (event) => handler.handle(event, { endpoint: transport.endpoint }),
    };
  }
}

function answerPlainRequest(response: ServerResponse): void {
  const body = JSON.stringify({ message: 'Upgrade Required' });
  response.writeHead(426, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Content-Type': 'application/json',
    'Content-Length': body.length,
  });
  response.end(body);
}

function isAccepted({ statusCode }: WebSocketResponse): boolean {
  return statusCode >= 200 && statusCode <= 299;
}
