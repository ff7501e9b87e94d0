import type { Provider } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef, ModulesContainer } from '@nestjs/core';
import { WEBSOCKET_ADMISSION } from './admission/admission.token.js';
import { ApplicationProviders } from './application.providers.js';
import { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import { ConnectionMirror } from './connections/connection.mirror.js';
import { ConnectionStore } from './contracts/connection.store.js';
import { EventPublisher } from './events/event.publisher.js';
import { ConnectionCloser } from './fanout/connection.closer.js';
import { MessageSender } from './fanout/message.sender.js';
import { BroadcastReports } from './fanout/offload/broadcast.reports.js';
import { ShardWorker } from './fanout/offload/shard.worker.js';
import { TransportRouter } from './fanout/transport.router.js';
import { UserSender } from './fanout/user.sender.js';
import { EmbeddedGateway } from './gateway/embedded.gateway.js';
import { HealthProbe } from './health/health.probe.js';
import { WebSocketHealthIndicator } from './health/websocket.health-indicator.js';
import { createLog } from './logging/log.factory.js';
import { Log } from './logging/log.js';
import { StaleSweep } from './sweep/stale.sweep.js';
import { Telemetry } from './telemetry/telemetry.js';
import { CLUSTER_DEFAULTS } from './options/cluster.options-resolver.js';
import { ClusterTransport } from './transports/cluster/cluster.transport.js';
import { NodeMailbox } from './transports/cluster/node.mailbox.js';
import { newLocalEndpoint } from './transports/local/local.endpoint.js';
import { LocalTransport } from './transports/local/local.transport.js';
import { ManagementApiTransport } from './transports/management-api/management-api.transport.js';
import { WebSocketHandler } from './websocket.handler.js';
import { WebSocketManager } from './websocket.manager.js';
import { MODULE_OPTIONS_TOKEN, WEBSOCKET_OPTIONS } from './websocket.module-definition.js';
import { resolveWebSocketOptions, type ResolvedWebSocketOptions } from './websocket.options-resolver.js';
import type { WebSocketModuleOptions } from './websocket.options.js';
import { AdmissionServices, createAdmission } from './websocket.admission-factory.js';
import { channelsProviders } from './websocket.channels-factory.js';
import { createFanOut, FanOutServices } from './websocket.fanout-factory.js';
import { createConnectionStore } from './websocket.store-factory.js';

/** What the module is made of. */
export const websocketProviders: Provider[] = [
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
    provide: Log,
    inject: [WEBSOCKET_OPTIONS],
    useFactory: ({ logging, clock }: ResolvedWebSocketOptions) => createLog(logging, clock),
  },
  {
    provide: EventPublisher,
    inject: [ApplicationProviders, Log],
    useFactory: (application: ApplicationProviders, log: Log) => new EventPublisher(() => application.emitter, log),
  },
  {
    provide: ConnectionStore,
    inject: [WEBSOCKET_OPTIONS, ApplicationProviders, Log],
    useFactory: (options: ResolvedWebSocketOptions, application: ApplicationProviders, log: Log) =>
      createConnectionStore(options, application, log),
  },
  {
    provide: ConnectionLifecycle,
    inject: [ConnectionStore, EventPublisher, WEBSOCKET_OPTIONS],
    useFactory: (store: ConnectionStore, publisher: EventPublisher, options: ResolvedWebSocketOptions) =>
      new ConnectionLifecycle(store, publisher, options.clock, options),
  },
  {
    provide: LocalTransport,
    inject: [WEBSOCKET_OPTIONS],
    useFactory: (options: ResolvedWebSocketOptions) => new LocalTransport(newLocalEndpoint(isAlone(options))),
  },
  {
    provide: NodeMailbox,
    inject: [ConnectionStore, LocalTransport, WEBSOCKET_OPTIONS, Log],
    useFactory: (store: ConnectionStore, local: LocalTransport, options: ResolvedWebSocketOptions, log: Log) =>
      new NodeMailbox(
        () => (isAlone(options) ? null : (store.cluster()?.bus ?? null)),
        local.endpoint.slice('local:'.length),
        options.clock,
        log,
      ),
  },
  {
    provide: ConnectionMirror,
    inject: [LocalTransport, WEBSOCKET_OPTIONS],
    useFactory: (local: LocalTransport, { clock }: ResolvedWebSocketOptions) =>
      new ConnectionMirror((endpoint) => endpoint === local.endpoint, clock),
  },
  {
    provide: TransportRouter,
    inject: [WEBSOCKET_OPTIONS, LocalTransport, NodeMailbox, Log],
    useFactory: (options: ResolvedWebSocketOptions, local: LocalTransport, mailbox: NodeMailbox, log: Log) =>
      new TransportRouter(
        [
          local,
          clusterTransport(options, local, mailbox),
          new ManagementApiTransport({ ...options, region: options.awsRegion }, log),
        ],
        options.apiGatewayEndpoint,
      ),
  },
  {
    provide: Telemetry,
    inject: [WEBSOCKET_OPTIONS, EventPublisher, Log],
    useFactory: ({ metrics }: ResolvedWebSocketOptions, publisher: EventPublisher, log: Log) =>
      Telemetry.create(metrics, publisher, log),
  },
  {
    provide: FanOutServices,
    inject: [
      ConnectionStore,
      ConnectionLifecycle,
      TransportRouter,
      ConnectionMirror,
      Telemetry,
      WEBSOCKET_OPTIONS,
      Log,
    ],
    useFactory: (
      store: ConnectionStore,
      lifecycle: ConnectionLifecycle,
      router: TransportRouter,
      mirror: ConnectionMirror,
      telemetry: Telemetry,
      options: ResolvedWebSocketOptions,
      log: Log,
    ) => createFanOut(store, lifecycle, router, mirror, telemetry, options, log),
  },
  { provide: MessageSender, inject: [FanOutServices], useFactory: ({ sender }: FanOutServices) => sender },
  { provide: ShardWorker, inject: [FanOutServices], useFactory: ({ worker }: FanOutServices) => worker },
  { provide: BroadcastReports, inject: [FanOutServices], useFactory: ({ reports }: FanOutServices) => reports },
  { provide: UserSender, inject: [FanOutServices], useFactory: ({ users }: FanOutServices) => users },
  { provide: ConnectionCloser, inject: [FanOutServices], useFactory: ({ closer }: FanOutServices) => closer },
  {
    provide: StaleSweep,
    inject: [ConnectionStore, ConnectionLifecycle, TransportRouter, WEBSOCKET_OPTIONS, Log],
    useFactory: (
      store: ConnectionStore,
      lifecycle: ConnectionLifecycle,
      router: TransportRouter,
      options: ResolvedWebSocketOptions,
      log: Log,
    ) => new StaleSweep(store, lifecycle, router, options, log),
  },
  {
    provide: HealthProbe,
    inject: [ConnectionStore, WEBSOCKET_OPTIONS],
    useFactory: (store: ConnectionStore, options: ResolvedWebSocketOptions) => new HealthProbe(store, options),
  },
  {
    provide: AdmissionServices,
    inject: [WEBSOCKET_OPTIONS, ConnectionStore, ConnectionLifecycle, TransportRouter, ModuleRef, Log],
    useFactory: (
      options: ResolvedWebSocketOptions,
      store: ConnectionStore,
      lifecycle: ConnectionLifecycle,
      router: TransportRouter,
      modules: ModuleRef,
      log: Log,
    ) => createAdmission({ options, store, lifecycle, router, modules, log }),
  },
  {
    provide: WEBSOCKET_ADMISSION,
    inject: [AdmissionServices],
    useFactory: ({ admission }: AdmissionServices) => admission,
  },
  ...channelsProviders,
  WebSocketHandler,
  WebSocketManager,
  WebSocketHealthIndicator,
  EmbeddedGateway,
];

/** Whether the gateway is to know of no others. */
function isAlone({ gateway }: ResolvedWebSocketOptions): boolean {
  return gateway !== null && gateway.cluster === null;
}

function clusterTransport(
  { clock, gateway, deliveryTimeoutMs }: ResolvedWebSocketOptions,
  local: LocalTransport,
  mailbox: NodeMailbox,
): ClusterTransport {
  const { answerTimeoutMs } = gateway?.cluster ?? CLUSTER_DEFAULTS;
  return new ClusterTransport(mailbox, () => local.endpoint, {
    clock,
    answerTimeoutMs,
    requestTimeoutMs: deliveryTimeoutMs,
  });
}
