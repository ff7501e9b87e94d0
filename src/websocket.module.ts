import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import { inTime } from './contracts/clock.js';
import { ConnectionStore } from './contracts/connection.store.js';
import { TransportRouter } from './fanout/transport.router.js';
import { EmbeddedGateway } from './gateway/embedded.gateway.js';
import { WebSocketHealthIndicator } from './health/websocket.health-indicator.js';
import { Log } from './logging/log.js';
import { Telemetry } from './telemetry/telemetry.js';
import { WebSocketHandler } from './websocket.handler.js';
import { WebSocketManager } from './websocket.manager.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  type OPTIONS_TYPE,
  WEBSOCKET_OPTIONS,
} from './websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from './websocket.options-resolver.js';
import { bindApplication } from './websocket.running.js';
import { AdmissionServices } from './websocket.admission-factory.js';
import { ChannelsServices } from './websocket.channels-factory.js';
import { FanOutServices } from './websocket.fanout-factory.js';
import { websocketProviders } from './websocket.providers.js';

/** How long the lines of the error log may take that are written when the application ends. */
const LAST_LINES_MS = 2_000;

/**
 * WebSockets on AWS API Gateway and on the embedded gateway. Global by default.
 *
 * Uses the application's `EventEmitterModule` and `CacheModule` where it has them, and brings its own where it has not.
 */
@Module({
  providers: websocketProviders,
  exports: [WebSocketManager, WebSocketHandler, WebSocketHealthIndicator, ConnectionStore, EmbeddedGateway],
})
export class WebSocketModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown
{
  private unbind: (() => void) | undefined;

  constructor(
    @Inject(WebSocketManager) private readonly manager: WebSocketManager,
    @Inject(ConnectionStore) private readonly store: ConnectionStore,
    @Inject(ConnectionLifecycle) private readonly lifecycle: ConnectionLifecycle,
    @Inject(TransportRouter) private readonly router: TransportRouter,
    @Inject(FanOutServices) private readonly fanOut: FanOutServices,
    @Inject(AdmissionServices) private readonly admission: AdmissionServices,
    @Inject(ChannelsServices) private readonly channels: ChannelsServices,
    @Inject(Telemetry) private readonly telemetry: Telemetry,
    @Inject(Log) private readonly log: Log,
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
    this.admission.start();
    this.channels.start();
    const { manager, store, lifecycle, router } = this;
    this.unbind = bindApplication({ manager, store, lifecycle, router, sender: this.fanOut.sender });
  }

  // The last thing: the gateway listens, and nothing of the module can fail any more.
  onApplicationBootstrap(): void {
    this.telemetry.open();
  }

  async onApplicationShutdown(): Promise<void> {
    this.unbind?.();
    this.fanOut.close();
    this.admission.stop();
    this.telemetry.close();
    await this.router.shutdown();
    // A store that the application passed in stays the application's to close.
    if (this.options.store === null) await this.store.close();
    // A disk that hangs must not keep the application from ending.
    await inTime(this.options.clock, LAST_LINES_MS, this.log.flushed());
  }
}
