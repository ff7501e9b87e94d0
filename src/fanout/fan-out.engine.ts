import { randomUUID } from 'node:crypto';
import type { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import { MAX_DELAY_MS, monotonicNow, type Clock } from '../contracts/clock.js';
import type { ConnectionStore, Recipient } from '../contracts/connection.store.js';
import type { AttemptLimits, DeliveryAttempt, OutgoingMessage } from '../contracts/connection.transport.js';
import type { LocalRecipients } from '../contracts/local.recipients.js';
import type { RequestBudget } from '../contracts/request.budget.js';
import type { LogCode } from '../logging/log.codes.js';
import { Log } from '../logging/log.js';
import type { StoreUnavailableError } from '../errors/store-unavailable.error.js';
import { Broadcast } from './broadcast.js';
import type { BroadcastRequest } from './broadcast.request.js';
import type { BroadcastTools } from './broadcast.tools.js';
import { noDeliveries } from './delivery.counts.js';
import { DeliveryLanes } from './delivery.lanes.js';
import type { FanOutObserver } from './fan-out.observer.js';
import { GonePruner } from './gone.pruner.js';
import { timeLeftMs } from './invocation.js';
import { keepingAlive } from './keeping-alive.js';
import { LoopPace } from './loop.pace.js';
import type { TransportRouter } from './transport.router.js';

export interface FanOutSettings {
  readonly clock: Clock;
  /** How long one message may take with all its attempts. */
  readonly deliveryTimeoutMs: number;
  readonly fanout: { readonly progressEveryMs: number };
  /** The connections of this process, to reach while the store is away; `null` where they are not kept apart from it. @default none */
  readonly local?: () => LocalRecipients | null;
  /** Whether a socket of this process may be one that the store is not to know yet, as it waits for its authentication. @default false */
  readonly hasPendingSockets?: boolean;
}

/** What may end work early. */
export interface EarlyEnd {
  readonly signal?: AbortSignal | undefined;
  /** From which time on; longer than a timer takes means never. */
  readonly timeoutMs?: number | undefined;
}

/** How a broadcast ended. */
export interface DeliveryEnding {
  /** It was ended early, by its signal. */
  readonly isAborted: boolean;
  /** Why the store could not tell of all recipients, so that only those were reached whose sockets this process holds; else `null`. */
  readonly outage: StoreUnavailableError | null;
}

const OPENING: DeliveryAttempt = Object.freeze({ status: 'failed', reason: 'still-connecting' });
const NO_ENDPOINT: DeliveryAttempt = Object.freeze({ status: 'failed', reason: 'no-endpoint' });
const OTHER_PROCESS: DeliveryAttempt = Object.freeze({ status: 'failed', reason: 'other-process' });

/**
 * Delivers one message to any number of connections: page by page, a bounded number at a time, each connection once, in the order in which messages
 * to it were sent. One that is slow, throttled, gone or failing neither delays nor fails the others; those that are gone are
 * forgotten by the time the call returns.
 */
export class FanOutEngine {
  private readonly said = new Set<LogCode>();
  private readonly tools: BroadcastTools;
  private readonly asksStore: boolean;

  constructor(
    store: ConnectionStore,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly router: TransportRouter,
    settings: FanOutSettings,
    budget: RequestBudget | null = null,
    observer: FanOutObserver | null = null,
    private readonly log = new Log(),
  ) {
    const { clock, deliveryTimeoutMs, local = () => null, hasPendingSockets = false } = settings;
    this.asksStore = hasPendingSockets;
    const { progressEveryMs } = settings.fanout;
    const attempt = (...call: Parameters<FanOutEngine['attempt']>): ReturnType<FanOutEngine['attempt']> =>
      this.attempt(...call);
    const flush = (message: OutgoingMessage): void => router.flush(message);
    const [lanes, pace] = [new DeliveryLanes(), new LoopPace()];
    const shared = { store, local, clock, lanes, pace, budget, observer };
    this.tools = { ...shared, attempt, flush, deliveryTimeoutMs, progressEveryMs };
  }

  /** Runs `work` with one signal for all that may end it early, the invocation that it is part of among them; with none where nothing does. */
  async within<Result>(
    { signal, timeoutMs: wantedMs = Infinity }: EarlyEnd,
    work: (end: { readonly signal?: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    const timeoutMs = Math.min(wantedMs, timeLeftMs(this.tools.clock));
    if (timeoutMs > MAX_DELAY_MS) return work(signal === undefined ? {} : { signal });
    const time = new AbortController();
    const cancel = this.tools.clock.after(timeoutMs, () => time.abort());
    try {
      return await work({ signal: signal === undefined ? time.signal : AbortSignal.any([signal, time.signal]) });
    } finally {
      cancel();
    }
  }

  /**
   * Recipients of a list count as `failed` where the broadcast was ended early before they were reached; of those that a store would have named next
   * nothing is told.
   *
   * @throws StoreUnavailableError when the store cannot tell who the recipients are, and this process holds no sockets of its own, after what was
   *   under way has ended
   */
  async deliver(request: BroadcastRequest): Promise<DeliveryEnding> {
    const { clock } = this.tools;
    const hasDeadline = timeLeftMs(clock) !== Infinity;
    const ending =
      hasDeadline && request.signal === undefined
        ? await this.within({}, (end) => this.run({ ...request, ...end }))
        : await this.run(request);
    if (ending.isAborted && hasDeadline && timeLeftMs(clock) === 0) {
      this.log.warn('delivery.out-of-time', 'A message was not sent to everyone: the time of the invocation is up.');
    }
    return ending;
  }

  private async run(request: BroadcastRequest): Promise<DeliveryEnding> {
    const broadcast = new Broadcast(this.tools, new GonePruner(this.lifecycle, this.log), request);
    await keepingAlive(() => broadcast.run());
    const { isAborted, outage } = broadcast;
    return { isAborted, outage };
  }

  /**
   * The shortest way to one connection: writes to a socket that this process holds, with nobody in front. `null` where there is none, and for whatever
   * does not end well at once: that takes the long way.
   */
  async deliverHere(connectionId: string, payload: Uint8Array): Promise<DeliveryAttempt | null> {
    const { lanes, observer, clock } = this.tools;
    const route = this.asksStore || lanes.isBusy(connectionId) ? null : this.router.routeHere(connectionId);
    if (route === null) return null;
    const startedAt = monotonicNow(clock);
    const limits = { attempt: 1, timeoutMs: this.tools.deliveryTimeoutMs };
    const outcome = await route.transport.deliver(route.target, { payload }, limits);
    if (outcome.status !== 'delivered') return null;
    if (observer !== null) await tellOfOne(observer, monotonicNow(clock) - startedAt);
    return outcome;
  }

  private attempt(
    recipient: Recipient,
    message: OutgoingMessage,
    limits: AttemptLimits,
  ): DeliveryAttempt | Promise<DeliveryAttempt> {
    if (this.lifecycle.isOpening(recipient.connectionId)) {
      this.sayOnce(
        'delivery.too-early',
        'A message to a connection was not sent because its $connect is still being answered; API Gateway would refuse it with 410. ' +
          'Send welcome messages when the first message of the connection arrives.',
        recipient.connectionId,
      );
      return OPENING;
    }
    const route = this.router.ownRoute(recipient);
    if (route !== null) return route.transport.deliver(route.target, message, limits);
    if (recipient.endpoint !== null) return OTHER_PROCESS;
    this.sayOnce(
      'delivery.no-endpoint',
      'A message was not sent because the endpoint of its connection is not known; set the option "apiGatewayEndpoint" or the ' +
        'environment variable WEBSOCKET_API_GATEWAY_ENDPOINT.',
      recipient.connectionId,
    );
    return NO_ENDPOINT;
  }

  private sayOnce(code: LogCode, message: string, connectionId: string): void {
    if (this.said.has(code)) return;
    this.said.add(code);
    this.log.warn(code, message, { connectionId });
  }
}

/** Tells of a message to one connection that was delivered at once. */
async function tellOfOne(observer: FanOutObserver, elapsedMs: number): Promise<void> {
  let broadcastId: string | null = null;
  const observation = observer.begin(() => (broadcastId ??= randomUUID()));
  if (observation === null) return;
  observation.settled('delivered', elapsedMs);
  const counts = { ...noDeliveries(), delivered: 1 };
  broadcastId ??= randomUUID();
  await observation.ended({ broadcastId, ...counts, inFlight: 0, elapsedMs, isAborted: false });
}
