import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApplicationProviders } from '../application.providers.js';
import { ConnectionStore } from '../contracts/connection.store.js';
import { EventPublisher } from '../events/event.publisher.js';
import type { ResolvedGatewayOptions } from '../options/gateway.options-resolver.js';
import { LocalTransport } from '../transports/local/local.transport.js';
import { WebSocketHandler } from '../websocket.handler.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from '../websocket.options-resolver.js';
import type { GatewayServer } from './gateway.server.js';

/**
 * A WebSocket server in this process that stands in for API Gateway: it makes the same events of its sockets, asks the same handler, and
 * serves the same `@connections`. Runs when the option `gateway` is given, and never on Lambda.
 */
@Injectable()
export class EmbeddedGateway implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('WebSocket');
  private server: GatewayServer | undefined;
  private ownServer: Server | undefined;
  private httpServer: Server | undefined;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebSocketOptions,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(ApplicationProviders) private readonly application: ApplicationProviders,
    @Inject(WebSocketHandler) private readonly handler: WebSocketHandler,
    @Inject(EventPublisher) private readonly publisher: EventPublisher,
    @Inject(LocalTransport) private readonly transport: LocalTransport,
    @Inject(ConnectionStore) private readonly store: ConnectionStore,
  ) {}

  /** The port that it is reached on, `null` while it is not listening. */
  get port(): number | null {
    return this.address?.port ?? null;
  }

  /** The address for clients, e.g. `ws://127.0.0.1:3000/ws`; `null` while it is not listening. */
  get url(): string | null {
    if (this.address === null) return null;
    const { address, family, port } = this.address;
    const isAny = address === '::' || address === '0.0.0.0';
    const host = isAny ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
    const isSecure = this.httpServer !== undefined && 'setSecureContext' in this.httpServer;
    return `${isSecure ? 'wss' : 'ws'}://${host}:${port}${this.options.gateway?.path ?? ''}`;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { gateway } = this.options;
    if (gateway === null) return;
    if (process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined) {
      this.logger.log('The embedded gateway stays off on Lambda: API Gateway takes its place.');
      return;
    }
    const httpServer =
      gateway.port === null ? (this.adapterHost.httpAdapter?.getHttpServer() as Server | undefined) : createServer();
    if (httpServer === undefined) {
      this.logger.warn(
        'The embedded gateway stays off: the application has no HTTP server; give it a "gateway.port" of its own.',
      );
      return;
    }
    await this.serve(httpServer, gateway);
  }

  // Before the HTTP server and the cache close: the end of every connection is still to be stored.
  async onModuleDestroy(): Promise<void> {
    await this.server?.close();
    this.server = undefined;
    const { ownServer } = this;
    if (ownServer === undefined) return;
    ownServer.closeAllConnections();
    await new Promise((resolve) => ownServer.close(resolve));
  }

  private get address(): AddressInfo | null {
    const address = this.httpServer?.address() ?? null;
    // On a Unix socket the address is a path, and no client gets there by a URL.
    return typeof address === 'string' ? null : address;
  }

  private async serve(httpServer: Server, gateway: ResolvedGatewayOptions): Promise<void> {
    // Loaded only where it runs, and with it the WebSocket library.
    const { GatewayServer } = await import('./gateway.server.js');
    const { handler, publisher, transport, store } = this;
    this.server = new GatewayServer({
      options: gateway,
      handler,
      publisher,
      transport,
      store,
      clock: this.options.clock,
      renewEveryMs: this.options.staleAfterSeconds * 500,
      ready: () => this.application.listenersAttached(),
    });
    this.server.attach(httpServer);
    this.httpServer = httpServer;
    const { port, host } = gateway;
    if (port === null) return;
    this.ownServer = httpServer;
    await new Promise<void>((resolve, reject) => {
      httpServer.once('error', reject).listen({ port, host }, () => {
        httpServer.off('error', reject);
        resolve();
      });
    });
    this.logger.log(`The embedded gateway listens on ${this.url}.`);
  }
}
