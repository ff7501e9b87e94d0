import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApplicationProviders } from '../application.providers.js';
import { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import { ConnectionMirror } from '../connections/connection.mirror.js';
import { ConnectionStore } from '../contracts/connection.store.js';
import { EventPublisher } from '../events/event.publisher.js';
import { HealthProbe } from '../health/health.probe.js';
import { Log } from '../logging/log.js';
import type { ResolvedGatewayOptions } from '../options/gateway.options-resolver.js';
import { NodeMailbox } from '../transports/cluster/node.mailbox.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { LocalTransport } from '../transports/local/local.transport.js';
import { WebSocketHandler } from '../websocket.handler.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from '../websocket.options-resolver.js';
import type { ClusterNode } from './cluster/cluster.node.js';
import type { GatewayServer } from './gateway.server.js';
import type { OwnServer } from './listening/own.server.js';
import { Readiness } from './listening/readiness.js';

/**
 * A WebSocket server in this process that stands in for API Gateway: it makes the same events of its sockets, asks the same handler, and
 * serves the same `@connections`. Runs when the option `gateway` is given, and never on Lambda.
 */
@Injectable()
export class EmbeddedGateway implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly readiness: Readiness;
  private server: GatewayServer | undefined;
  private node: ClusterNode | undefined;
  private ownServer: OwnServer | undefined;
  private httpServer: Server | undefined;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebSocketOptions,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(ApplicationProviders) private readonly application: ApplicationProviders,
    @Inject(WebSocketHandler) private readonly handler: WebSocketHandler,
    @Inject(EventPublisher) private readonly publisher: EventPublisher,
    @Inject(LocalTransport) private readonly transport: LocalTransport,
    @Inject(ConnectionStore) private readonly store: ConnectionStore,
    @Inject(ConnectionLifecycle) private readonly lifecycle: ConnectionLifecycle,
    @Inject(ConnectionMirror) private readonly mirror: ConnectionMirror,
    @Inject(NodeMailbox) private readonly mailbox: NodeMailbox,
    @Inject(HealthProbe) health: HealthProbe,
    @Inject(Telemetry) private readonly telemetry: Telemetry,
    @Inject(Log) private readonly log: Log,
  ) {
    this.readiness = new Readiness(health);
  }

  /** The port that it is reached on, `null` while it is not listening, and on a Unix socket. */
  get port(): number | null {
    const { address } = this;
    return address === null || typeof address === 'string' ? null : address.port;
  }

  /**
   * The address for clients, e.g. `ws://127.0.0.1:3000/ws`; `null` while it is not listening. For a Unix socket it is the one that clients of `ws`
   * understand, e.g. `ws+unix:/run/chat.sock:/ws`.
   */
  get url(): string | null {
    const { address } = this;
    const path = this.options.gateway?.path ?? '';
    if (address === null) return null;
    if (typeof address === 'string') return `ws+unix:${address}:${path}`;
    const isAny = address.address === '::' || address.address === '0.0.0.0';
    const host = isAny ? '127.0.0.1' : address.family === 'IPv6' ? `[${address.address}]` : address.address;
    const isSecure = this.httpServer !== undefined && 'setSecureContext' in this.httpServer;
    return `${isSecure ? 'wss' : 'ws'}://${host}:${address.port}${path}`;
  }

  /**
   * Whether it can take clients, which is also what the readiness probe answers: it has started, it is not draining, and the store answers. Never
   * rejects, and takes no longer than the store may (`storeTimeoutMs`).
   */
  async isReady(): Promise<boolean> {
    return (await this.readiness.missing()) === null;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { gateway } = this.options;
    if (gateway === null) return;
    if (process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined) {
      this.log.info('gateway.off', 'The embedded gateway stays off on Lambda: API Gateway takes its place.');
      return;
    }
    if (gateway.port !== null || gateway.socketPath !== null) await this.serveAlone(gateway);
    else await this.serveBesideApplication(gateway);
  }

  // Before the HTTP server and the cache close: the end of every connection is still to be stored.
  async onModuleDestroy(): Promise<void> {
    const { server, ownServer } = this;
    await this.drain();
    await server?.close();
    this.server = undefined;
    await this.node?.stop();
    await ownServer?.close();
  }

  private get address(): AddressInfo | string | null {
    return this.httpServer?.address() ?? null;
  }

  private async serveBesideApplication(gateway: ResolvedGatewayOptions): Promise<void> {
    const httpServer = this.adapterHost.httpAdapter?.getHttpServer() as Server | undefined;
    if (httpServer === undefined) {
      this.log.warn(
        'gateway.off',
        'The embedded gateway stays off: the application has no HTTP server; give it a "gateway.port" of its own.',
      );
      return;
    }
    await this.serve(httpServer, gateway);
    this.becomeReady();
  }

  private async serveAlone(gateway: ResolvedGatewayOptions): Promise<void> {
    // Only where it listens: a Lambda never loads this, nor does an application whose server it shares.
    const { OwnServer } = await import('./listening/own.server.js');
    this.ownServer = await OwnServer.create(gateway, this.options.clock, this.log);
    await this.serve(this.ownServer.http, gateway);
    await this.ownServer.listen();
    this.becomeReady();
    this.log.info('gateway.listening', `The embedded gateway listens on ${this.url}.`);
  }

  private async serve(httpServer: Server, gateway: ResolvedGatewayOptions): Promise<void> {
    // Loaded only where it runs, and with it the WebSocket library.
    const { GatewayServer } = await import('./gateway.server.js');
    await this.joinOthers(gateway);
    const { handler, publisher, transport, store, readiness, telemetry, log } = this;
    this.server = new GatewayServer({
      options: gateway,
      handler,
      publisher,
      transport,
      store,
      readiness,
      log,
      observer: telemetry.gateway,
      clock: this.options.clock,
      renewEveryMs: this.options.staleAfterSeconds * 500,
      ready: () => this.application.listenersAttached(),
    });
    this.server.attach(httpServer);
    this.httpServer = httpServer;
  }

  /** Becomes a node among the gateways that share the store, before anybody connects: whose connections they are must be known. */
  private async joinOthers({ cluster: options }: ResolvedGatewayOptions): Promise<void> {
    const cluster = options === null ? null : this.store.cluster();
    if (options === null || cluster === null) return;
    const { ClusterNode } = await import('./cluster/cluster.node.js');
    const { store, lifecycle, mirror, mailbox, transport, log } = this;
    const { clock } = this.options;
    this.node = new ClusterNode({ ...cluster, store, lifecycle, mirror, mailbox, transport, clock, options, log });
    await this.node.start();
  }

  /** Not waited for: the listeners of the application are attached by a hook like the one that calls this. */
  private becomeReady(): void {
    void this.application.listenersAttached().then(() => this.readiness.start());
  }

  /** Says that it is not ready, and gives those who watch that the time to send clients elsewhere. */
  private async drain(): Promise<void> {
    this.readiness.drain();
    const { clock, gateway } = this.options;
    const delayMs = gateway?.drain.delayMs ?? 0;
    if (this.server === undefined || delayMs === 0) return;
    await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
  }
}
