import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { ApplicationProviders } from './application.providers.js';
import { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import { ConnectionStore } from './contracts/connection.store.js';
import { EventPublisher } from './events/event.publisher.js';
import { MessageSender } from './fanout/message.sender.js';
import { BroadcastReports } from './fanout/offload/broadcast.reports.js';
import { ShardWorker } from './fanout/offload/shard.worker.js';
import { TransportRouter } from './fanout/transport.router.js';
import { EmbeddedGateway } from './gateway/embedded.gateway.js';
import { HealthProbe } from './health/health.probe.js';
import { WebSocketHealthIndicator } from './health/websocket.health-indicator.js';
import { StaleSweep } from './sweep/stale.sweep.js';
import { LocalTransport } from './transports/local/local.transport.js';
import { ManagementApiTransport } from './transports/management-api/management-api.transport.js';
import { bindFacade } from './websocket.facade.js';
import { WebSocketHandler } from './websocket.handler.js';
import { WebSocketManager } from './websocket.manager.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
  WEBSOCKET_OPTIONS,
} from './websocket.module-definition.js';
import { resolveWebSocketOptions, type ResolvedWebSocketOptions } from './websocket.options-resolver.js';
import type { WebSocketModuleOptions } from './websocket.options.js';
import { createFanOut, FanOutServices } from './websocket.fanout-factory.js';
import { createConnectionStore } from './websocket.store-factory.js';

const providers: Provider[] = [
  {
    provide: ApplicationProviders,
    inject: [ModulesContainer, LazyModuleLoader],
    useFactory: (modules: ModulesContainer, loader: LazyModuleLoader) => ApplicationProviders.create(modules, loader),
  },
  {
    provide: WEBSOCKET_OPTIONS,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: (options: WebSocketModuleOptions) => resolveWebSocketOptions(options),
  },
  {
    provide: EventPublisher,
    inject: [ApplicationProviders],
    useFactory: (application: ApplicationProviders) => new EventPublisher(() => application.emitter),
  },
  {
    provide: ConnectionStore,
    inject: [WEBSOCKET_OPTIONS, ApplicationProviders],
    useFactory: (options: ResolvedWebSocketOptions, application: ApplicationProviders) =>
      createConnectionStore(options, application),
  },
  {
    provide: ConnectionLifecycle,
    inject: [ConnectionStore, EventPublisher, WEBSOCKET_OPTIONS],
    useFactory: (store: ConnectionStore, publisher: EventPublisher, options: ResolvedWebSocketOptions) =>
      new ConnectionLifecycle(store, publisher, options.clock, options),
  },
  { provide: LocalTransport, useFactory: () => new LocalTransport(`local:${crypto.randomUUID()}`) },
  {
    provide: TransportRouter,
    inject: [WEBSOCKET_OPTIONS, LocalTransport],
    useFactory: (options: ResolvedWebSocketOptions, local: LocalTransport) =>
      new TransportRouter(
        [local, new ManagementApiTransport({ ...options, region: options.awsRegion })],
        options.apiGatewayEndpoint,
      ),
  },
  {
    provide: FanOutServices,
    inject: [ConnectionStore, ConnectionLifecycle, TransportRouter, EventPublisher, WEBSOCKET_OPTIONS],
    useFactory: (
      store: ConnectionStore,
      lifecycle: ConnectionLifecycle,
      router: TransportRouter,
      publisher: EventPublisher,
      options: ResolvedWebSocketOptions,
    ) => createFanOut(store, lifecycle, router, publisher, options),
  },
  { provide: MessageSender, inject: [FanOutServices], useFactory: ({ sender }: FanOutServices) => sender },
  { provide: ShardWorker, inject: [FanOutServices], useFactory: ({ worker }: FanOutServices) => worker },
  { provide: BroadcastReports, inject: [FanOutServices], useFactory: ({ reports }: FanOutServices) => reports },
  {
    provide: StaleSweep,
    inject: [ConnectionStore, ConnectionLifecycle, TransportRouter, WEBSOCKET_OPTIONS],
    useFactory: (
      store: ConnectionStore,
      lifecycle: ConnectionLifecycle,
      router: TransportRouter,
      options: ResolvedWebSocketOptions,
    ) => new StaleSweep(store, lifecycle, router, options),
  },
  {
    provide: HealthProbe,
    inject: [ConnectionStore, WEBSOCKET_OPTIONS],
    useFactory: (store: ConnectionStore, options: ResolvedWebSocketOptions) => new HealthProbe(store, options),
  },
  WebSocketHandler,
  WebSocketManager,
  WebSocketHealthIndicator,
  EmbeddedGateway,
];

/**
 * WebSockets on AWS API Gateway and on the embedded gateway. Global by default.
 *
 * Uses the application's `EventEmitterModule` and `CacheModule` where it has them, and brings its own where it has not.
 */
@Module({
  providers,
  exports: [WebSocketManager, WebSocketHandler, WebSocketHealthIndicator, ConnectionStore, EmbeddedGateway],
})
export class WebSocketModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  private unbindFacade: (() => void) | undefined;

  constructor(
    @Inject(WebSocketManager) private readonly manager: WebSocketManager,
    @Inject(ConnectionStore) private readonly store: ConnectionStore,
    @Inject(TransportRouter) private readonly router: TransportRouter,
    @Inject(FanOutServices) private readonly fanOut: FanOutServices,
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebSocketOptions,
  ) {
    super();
  }

  /**
   * Registers the module. Without options connections are kept in the application's cache, and messages go to the endpoint that each
   * connection came in by.
   *
   * @throws InvalidOptionsError when the application starts, for options that cannot be used
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Registers the module with options that are made when the application starts: `useFactory` with `inject` and `imports`, or a
   * `WebSocketOptionsFactory` as `useClass` or `useExisting`.
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  onModuleInit(): void {
    this.unbindFacade = bindFacade(this.manager);
  }

  async onApplicationShutdown(): Promise<void> {
    this.unbindFacade?.();
    this.fanOut.close();
    await this.router.shutdown();
    // A store that the application passed in stays the application's to close.
    if (this.options.store === null) await this.store.close();
  }
}
