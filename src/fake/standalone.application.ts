import { ModulesContainer } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { createCache } from 'cache-manager';
import { QuestionService } from '../channels/question.service.js';
import { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import { EventPublisher } from '../events/event.publisher.js';
import { ConnectionCloser } from '../fanout/connection.closer.js';
import { MessageSender, type DeliveryEngine } from '../fanout/message.sender.js';
import { BroadcastReports } from '../fanout/offload/broadcast.reports.js';
import { ShardWorker } from '../fanout/offload/shard.worker.js';
import { TransportRouter } from '../fanout/transport.router.js';
import { UserSender } from '../fanout/user.sender.js';
import { HealthProbe } from '../health/health.probe.js';
import { Log } from '../logging/log.js';
import { CacheConnectionStore } from '../stores/cache/cache-connection.store.js';
import { MemoryBroadcastLedger } from '../stores/cache/memory-broadcast.ledger.js';
import { StaleSweep } from '../sweep/stale.sweep.js';
import { createChannels } from '../websocket.channels-factory.js';
import { WebSocketHandler } from '../websocket.handler.js';
import { WebSocketManager } from '../websocket.manager.js';
import type { WebSocketModuleOptions } from '../websocket.options.js';
import { resolveWebSocketOptions } from '../websocket.options-resolver.js';
import type { RunningApplication } from '../websocket.running.js';
import { SilentTransport } from './silent.transport.js';

/** What a manager without an application can be told: the module's options of the same names. */
export type FakeOptions = Pick<
  WebSocketModuleOptions,
  'channels' | 'clock' | 'maxChannelsPerConnection' | 'maxPayloadBytes' | 'staleAfterSeconds'
>;

type Engine = (parts: Pick<RunningApplication, 'store' | 'lifecycle'>) => DeliveryEngine;

/** A manager that needs no Nest application: its state is in memory, nobody listens to its events, and its messages go to `engine`. */
export function standaloneApplication(given: FakeOptions, engine: Engine): RunningApplication {
  // The environment is the application's, and this is none.
  const options = resolveWebSocketOptions(given, {});
  const { clock, maxPayloadBytes, maxConcurrentSends, keyPrefix } = options;
  const log = new Log();
  const store = new CacheConnectionStore(createCache(), { clock });
  const emitter = new EventEmitter2();
  const publisher = new EventPublisher(() => emitter, log);
  const lifecycle = new ConnectionLifecycle(store, publisher, clock, options);
  const router = new TransportRouter([], null);
  router.divertTo(new SilentTransport());
  const sender = new MessageSender(engine({ store, lifecycle }), maxPayloadBytes, null, log);
  const ledger = new MemoryBroadcastLedger(clock);
  const modules = new ModulesContainer();
  const wire = createChannels({ options, store, lifecycle, publisher, sender, log, modules });
  wire.start();
  const handler = new WebSocketHandler(options, store, lifecycle, publisher, sender, null, wire.service, log);
  const manager = new WebSocketManager(
    handler,
    store,
    lifecycle,
    sender,
    new UserSender(store, sender, maxConcurrentSends),
    new ConnectionCloser(store, lifecycle, router, maxConcurrentSends),
    new StaleSweep(store, lifecycle, router, options, log),
    new HealthProbe(store, options),
    new ShardWorker(
      () => ledger,
      (ids, payload) => sender.deliver({ recipients: [ids] }, payload),
      { keyPrefix, clock },
    ),
    new BroadcastReports(() => ledger, clock),
    wire.channels,
    // Answers come from the fake, so the protocol need not be on for them.
    new QuestionService(store, sender, { clock, answerTimeoutMs: options.channels.answerTimeoutMs, isOn: () => true }),
  );
  return { manager, store, lifecycle, sender, router };
}
