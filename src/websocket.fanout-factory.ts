import type { ConnectionStore } from './contracts/connection.store.js';
import type { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import type { ConnectionMirror } from './connections/connection.mirror.js';
import { ConnectionCloser } from './fanout/connection.closer.js';
import { createRequestBudget } from './fanout/request.budget.js';
import { FanOutEngine } from './fanout/fan-out.engine.js';
import { MessageSender } from './fanout/message.sender.js';
import { BroadcastReports } from './fanout/offload/broadcast.reports.js';
import { HandOver } from './fanout/offload/hand-over.js';
import { LedgerSource } from './fanout/offload/ledger.source.js';
import { openShardQueue, type OpenQueue } from './fanout/offload/offload.factory.js';
import { ShardWorker } from './fanout/offload/shard.worker.js';
import type { Log } from './logging/log.js';
import type { TransportRouter } from './fanout/transport.router.js';
import { UserSender } from './fanout/user.sender.js';
import { MemoryBroadcastLedger } from './stores/cache/memory-broadcast.ledger.js';
import type { ResolvedOffloadOptions } from './options/fanout.options-resolver.js';
import type { Telemetry } from './telemetry/telemetry.js';
import type { ResolvedWebSocketOptions } from './websocket.options-resolver.js';

/** What sends messages to many, and what the workers of a broadcast need. */
export class FanOutServices {
  constructor(
    readonly sender: MessageSender,
    readonly worker: ShardWorker,
    readonly reports: BroadcastReports,
    readonly users: UserSender,
    readonly closer: ConnectionCloser,
    /** Closes what was opened for the queue. */
    readonly close: () => void,
  ) {}
}

/** @throws InvalidOptionsError when a package that `fanout.offload` needs is not installed */
export async function createFanOut(
  store: ConnectionStore,
  lifecycle: ConnectionLifecycle,
  router: TransportRouter,
  mirror: ConnectionMirror,
  telemetry: Telemetry,
  options: ResolvedWebSocketOptions,
  log: Log,
): Promise<FanOutServices> {
  const { clock, keyPrefix, maxPayloadBytes } = options;
  const budget = createRequestBudget(options.fanout.requestsPerSecond, store, clock);
  // Where this process holds no sockets, a store that is away is an error and nothing else.
  const local = (): ConnectionMirror | null => (mirror.size > 0 ? mirror : null);
  const hasPendingSockets = (options.admission?.authenticateWithinMs ?? null) !== null;
  const engine = new FanOutEngine(
    store,
    lifecycle,
    router,
    { ...options, local, hasPendingSockets },
    budget,
    telemetry.deliveries,
    log,
  );
  const { ledger } = new LedgerSource(store, () => new MemoryBroadcastLedger(clock), log);
  const { offload } = options.fanout;
  const open = offload === null ? null : await openQueue(offload, options);
  const handOver =
    offload === null || open === null ? null : new HandOver(ledger, open.queue, { ...offload, keyPrefix, clock }, log);
  const sender = new MessageSender(engine, maxPayloadBytes, handOver, log);
  const worker = new ShardWorker(
    ledger,
    (ids, payload) => sender.deliver({ recipients: [ids], target: { method: 'shard', connectionIds: ids } }, payload),
    { keyPrefix, clock },
    log,
  );
  const { maxConcurrentSends } = options;
  return new FanOutServices(
    sender,
    worker,
    new BroadcastReports(ledger, clock),
    new UserSender(store, sender, maxConcurrentSends),
    new ConnectionCloser(store, lifecycle, router, maxConcurrentSends),
    () => open?.close(),
  );
}

function openQueue(
  offload: ResolvedOffloadOptions,
  { awsRegion, fallbackRegion, credentials, clock, requestTimeoutMs, deliveryTimeoutMs }: ResolvedWebSocketOptions,
): Promise<OpenQueue> {
  return openShardQueue({
    ...offload,
    fallbackRegion: awsRegion ?? fallbackRegion,
    credentials,
    clock,
    timeoutMs: requestTimeoutMs,
    deliveryTimeoutMs,
  });
}
