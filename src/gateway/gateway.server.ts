import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { forwardedAddress } from '../admission/ip.address.js';
import { inTime, LATE, type Clock } from '../contracts/clock.js';
import type { GatewayObserver } from '../contracts/gateway.observer.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { EventPublisher } from '../events/event.publisher.js';
import type { Log } from '../logging/log.js';
import type { ResolvedGatewayOptions } from '../options/gateway.options-resolver.js';
import { UnsentCloses } from '../protocol/close-codes.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import { ReservedRoutes } from '../protocol/route-selection.js';
import type { WebSocketResponse } from '../protocol/response.js';
import type { LocalTransport } from '../transports/local/local.transport.js';
import type { WebSocketHandler } from '../websocket.handler.js';
import { ConnectionsApi } from './connections.api.js';
import { narrowOffers } from './frames/compression.offer.js';
import { Compressor } from './frames/compressor.js';
import { FrameCache } from './frames/frame.cache.js';
import { UNCOMPRESSED } from './frames/framed.message.js';
import { drain } from './listening/drain.js';
import type { EventSource } from './gateway.events.js';
import { GatewaySession } from './gateway.session.js';
import { refusal, refusalOf, refuse, type Refusal } from './listening/handshake.js';
import { createId } from './identifier.js';
import { Probes } from './listening/probes.js';
import type { Readiness } from './listening/readiness.js';
import { hostOf, pathAndQueryOf } from './listening/request.target.js';
import { RecordRenewal } from './record.renewal.js';
import { RequestAuthorizer } from './request.authorizer.js';
import { RouteTable, routesWithListeners } from './route.table.js';
import { attachTo, type ServerGuest } from './listening/server.attachment.js';
import type { SessionContext } from './session.context.js';
import { SessionWatch, watchPolicyOf } from './session.watch.js';
import { chosenSubprotocol, isOffered } from './subprotocol.js';
import { SignatureVerifier } from './signature.verifier.js';
import { createSocketServer, type SocketServer } from './socket.server.js';

/** What the server works with. */
export interface GatewayServerContext {
  readonly options: ResolvedGatewayOptions;
  readonly handler: Pick<WebSocketHandler, 'handle' | 'ownRoutes' | 'protocolRoutes'>;
  readonly publisher: EventPublisher;
  readonly transport: LocalTransport;
  readonly store: ConnectionStore;
  readonly clock: Clock;
  readonly readiness: Readiness;
  readonly log: Log;
  /** `null` when nobody wants to know. */
  readonly observer: GatewayObserver | null;
  /** How often the records of open connections are renewed. */
  readonly renewEveryMs: number;
  /** Resolves when the application's listeners are attached; nobody is let in before. */
  readonly ready: () => Promise<void>;
}

/** However small messages are, so many bytes of one client may be handled at once, and wait for it: many times what one read brings. */
const MIN_BUDGET_BYTES = 1_048_576;

const KEEP_ALIVE_MS = 60_000;

/** Serves WebSockets and `@connections` on an HTTP server, and leaves its other requests and upgrades to whoever handles them. */
export class GatewayServer implements ServerGuest {
  private readonly sessions = new Map<string, GatewaySession>();
  private readonly handshakes = new Map<Duplex, Promise<void>>();
  private readonly connections: ConnectionsApi;
  private readonly sockets: SocketServer;
  private readonly renewal: RecordRenewal;
  private readonly probes: Probes | null;
  private sessionContext: Promise<SessionContext> | undefined;
  private isClosing = false;
  /** What the answer to `$connect` chose, for the handshake that is being finished. */
  private subprotocol: string | null = null;
  private hasSaidNotOffered = false;
  private detach = (): void => undefined;

  constructor(private readonly context: GatewayServerContext) {
    const { path, credentials, region } = context.options;
    const verifier = credentials === null ? null : new SignatureVerifier(credentials, region, context.clock);
    this.renewal = new RecordRenewal(
      context.store,
      context.clock,
      context.renewEveryMs,
      () => this.sessions.keys(),
      context.log,
    );
    this.connections = new ConnectionsApi(path, this.sessions, verifier, context.log);
    const { probes } = context.options;
    this.probes = probes === null ? null : new Probes(probes, context.readiness);
    this.sockets = createSocketServer(context.options, () => this.subprotocol ?? false);
  }

  /** Starts serving on a server, which may have handlers of its own and may be listening already. */
  attach(server: Server): void {
    this.detach = attachTo(server, this);
    this.renewal.start();
  }

  /**
   * Refuses new connections, closes those that are open with 1012, batch by batch, and resolves when the application knows of the end of each,
   * or when the time of the option `drain` is over.
   */
  async close(): Promise<void> {
    this.isClosing = true;
    const { clock, options } = this.context;
    const isDone = await drain([...this.sessions.values()], this.handshakes.values(), clock, options.drain);
    this.renewal.stop();
    // A listener that never ends must not keep the application from closing.
    if (!isDone) {
      this.context.log.warn('gateway.closed-early', 'The embedded gateway closed before every listener had ended.');
      for (const session of this.sessions.values()) session.terminate();
      for (const socket of this.handshakes.keys()) socket.destroy();
    }
    this.detach();
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.probes?.accepts(request, response) === true) return true;
    if (this.connections.accepts(request, response)) return true;
    if (!this.isOurs(request)) return false;
    answerPlainRequest(response);
    return true;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (!this.isOurs(request)) return false;
    const handshake = this.shakeHands(request, socket, head).finally(() => this.handshakes.delete(socket));
    this.handshakes.set(socket, handshake);
    return true;
  }

  private isOurs(request: IncomingMessage): boolean {
    const { path } = this.context.options;
    const target = pathAndQueryOf(request);
    return target === path || target === `${path}/` || target.startsWith(`${path}?`) || target.startsWith(`${path}/?`);
  }

  private async shakeHands(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A client that resets while it waits must not take the process with it.
    socket.on('error', () => socket.destroy());
    // One that vanished without a word is noticed by the operating system, in minutes.
    request.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    try {
      const problem = this.isClosing ? refusal(503, 'Service unavailable') : refusalOf(request);
      if (problem === null) await this.open(request, socket, head);
      else this.refuse(socket, problem);
    } catch (error) {
      this.context.log.error('handshake.failed', 'A handshake failed.', { error });
      this.refuse(socket, refusal(500, 'Internal server error'));
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
      this.refuse(socket, refusal(504, 'Endpoint request timed out'), session);
      // Whatever the application still makes of it, there is no connection.
      if (isAccepted(await handling)) await session.end(UnsentCloses.abnormal);
    } else if (isAccepted(response)) await this.admit(session, response, request, socket, head);
    else this.refuse(socket, refusalBy(response), session);
  }

  /** Finishes the handshake of a connection that the application accepted. */
  private async admit(
    session: GatewaySession,
    response: WebSocketResponse,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const subprotocol = chosenSubprotocol(response);
    const isAgreed = subprotocol === null || isOffered(subprotocol, request);
    let isOpen = false;
    try {
      if (!this.isClosing && isAgreed) {
        this.subprotocol = subprotocol;
        const windowBits = this.context.options.compression === null ? UNCOMPRESSED : narrowOffers(request);
        this.sockets.handleUpgrade(request, socket, head, (opened) => {
          isOpen = true;
          this.keep(session);
          session.open(opened, socket, windowBits);
        });
      }
    } finally {
      // The client went away while it waited for its answer, or the server is closing.
      if (!isOpen) await session.end(UnsentCloses.abnormal);
    }
    if (isOpen) return;
    if (isAgreed) this.refuse(socket, refusal(503, 'Service unavailable'), session);
    else this.refuseSubprotocol(socket, session);
  }

  private refuseSubprotocol(socket: Duplex, session: GatewaySession): void {
    this.refuse(socket, refusal(502, 'Internal server error'), session);
    if (this.hasSaidNotOffered) return;
    this.hasSaidNotOffered = true;
    // Which one is not said: clients put tokens there.
    this.context.log.error(
      'subprotocol.not-offered',
      'The answer to $connect chose a subprotocol that the client had not offered: answer one of its own.',
      { connectionId: session.connectionId },
    );
  }

  private refuse(socket: Duplex, why: Refusal, session?: GatewaySession): void {
    this.context.observer?.refused(why.status, session?.connectionId ?? null);
    refuse(socket, why);
  }

  /** Makes a session known until it ends. */
  private keep(session: GatewaySession): void {
    const { connectionId } = session;
    this.sessions.set(connectionId, session);
    this.context.transport.attach(connectionId, session);
  }

  private forget(connectionId: string): void {
    this.sessions.delete(connectionId);
    this.context.transport.detach(connectionId);
  }

  private sourceOf(request: IncomingMessage): EventSource {
    const { stage, apiId, trustedProxies } = this.context.options;
    const userAgent = request.headers['user-agent'];
    const { remoteAddress = '' } = request.socket;
    const forwardedFor = [request.headers['x-forwarded-for'] ?? []].flat().join(',');
    const sourceIp = forwardedAddress(remoteAddress, forwardedFor, trustedProxies);
    return {
      connectionId: createId(),
      connectedAt: this.context.clock.now(),
      domainName: hostOf(request),
      stage,
      apiId,
      identity: { ...(userAgent !== undefined && { userAgent }), sourceIp },
    };
  }

  private async createSessionContext(): Promise<SessionContext> {
    const { options, handler, publisher, transport, clock, ready } = this.context;
    await ready();
    const { maxInFlightMessages, maxMessageBytes, maxBufferedBytes, compression } = options;
    const routes = options.routes ?? routesWithListeners(publisher.emitter);
    // Where `$default` takes them there is nothing to choose for.
    const protocolRoutes = new Set(routes).has(ReservedRoutes.default) ? [] : handler.protocolRoutes;
    return {
      clock,
      routes: new RouteTable(options.selectRoute, new Set([...routes, ...handler.ownRoutes, ...protocolRoutes])),
      routeResponses: new Set([...options.routeResponses, ...handler.ownRoutes]),
      messageLimits: { maxInFlightMessages, maxInFlightBytes: Math.max(2 * maxMessageBytes, MIN_BUDGET_BYTES) },
      maxBacklogBytes: Math.max(8 * maxMessageBytes, MIN_BUDGET_BYTES),
      maxBufferedBytes,
      frames: new FrameCache(compression === null ? null : new Compressor(compression)),
      observer: this.context.observer,
      authorizer: RequestAuthorizer.of(options, clock, this.context.log),
      isStrict: options.limits === 'api-gateway',
      watch: new SessionWatch(clock, watchPolicyOf(options)),
      ended: (connectionId) => this.forget(connectionId),
      handle: (event, state) => handler.handle(event, { endpoint: transport.endpoint, ...state }),
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

/** The handler's refusal as that of the handshake. Of its headers only what a client may read there. */
function refusalBy({ statusCode, body, headers = {} }: WebSocketResponse): Refusal {
  const { 'Retry-After': retryAfter } = headers;
  return { status: statusCode, body, ...(retryAfter !== undefined && { headers: { 'Retry-After': retryAfter } }) };
}
