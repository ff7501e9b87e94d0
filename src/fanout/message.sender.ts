import type { Recipient } from '../contracts/connection.store.js';
import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import type { DeliveryReport, HandedOver } from '../contracts/delivery-report.js';
import { Log } from '../logging/log.js';
import { encodePayload } from '../protocol/payload.js';
import type { Addressees, OutcomeListener, RecipientPage, SendMethod } from './broadcast.request.js';
import { COUNTED_AS, noDeliveries } from './delivery.counts.js';
import type { FanOutEngine } from './fan-out.engine.js';
import type { DeliveryCounts, DeliveryProgress } from './fan-out.observer.js';
import { forgetSender, rememberedSender } from './invocation.js';
import type { HandOver } from './offload/hand-over.js';

/** How a message to a selection is sent, and what is told of it. */
export interface SendOptions {
  /** Whether the report has the outcome of each connection. @default false */
  readonly outcomes?: boolean;

  /** Ends the sending early, with a report of what was sent until then. @default never */
  readonly signal?: AbortSignal;

  /** After how many milliseconds to end early. @default never */
  readonly timeoutMs?: number;

  /** Told how far it is, every `fanout.progressEveryMs`, if it takes that long. */
  readonly onProgress?: (progress: DeliveryProgress) => void;
}

/** What takes messages to connections: the fan-out, or what records them in its place while a test runs. */
export interface DeliveryEngine extends Pick<FanOutEngine, 'within' | 'deliver' | 'deliverHere'> {
  /** What the client of a connection answers to a question, `undefined` for nothing; only where no client is there to answer by itself. */
  readonly answerOf?: (connectionId: string, question: unknown) => unknown;
}

/** A map without a prototype: `__proto__` and `constructor` are names like any other. */
export function emptyMap<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}

/**
 * Sends data to connections and collects what became of it.
 *
 * Every method rejects with `PayloadTooLargeError` or `InvalidPayloadError` before anything is sent, and with `StoreUnavailableError` when
 * the store cannot tell where the recipients are. A node of a cluster has sent to its own sockets by then; only `report` can say so, and does not reject.
 */
export class MessageSender {
  private engine: DeliveryEngine;
  private handOver: HandOver | null;

  constructor(
    private readonly ownEngine: DeliveryEngine,
    private readonly maxPayloadBytes: number,
    private readonly ownHandOver: HandOver | null = null,
    private readonly log = new Log(),
  ) {
    this.engine = ownEngine;
    this.handOver = ownHandOver;
  }

  /** Gives what is sent from now on to another engine, and nothing to workers; with `null` to its own again. What is under way ends where it began. */
  divertTo(engine: DeliveryEngine | null): void {
    this.engine = engine ?? this.ownEngine;
    this.handOver = engine === null ? this.ownHandOver : null;
  }

  /** See {@link DeliveryEngine.answerOf}. */
  get answerOf(): DeliveryEngine['answerOf'] {
    return this.engine.answerOf;
  }

  /** Resolves whether the gateway took the message, by connection id. The map has no prototype. */
  async send(to: Addressees, data: unknown): Promise<Record<string, boolean>> {
    const results = emptyMap<boolean>();
    const onOutcome: OutcomeListener = (connectionId, { status }) => {
      results[connectionId] = status === 'delivered';
    };
    const payload = encodePayload(data, this.maxPayloadBytes);
    const { outage } = await this.engine.deliver({ ...to, payload, onOutcome });
    // The map has no way to say that some are missing from it.
    if (outage !== null) throw outage;
    return results;
  }

  /** Resolves whether the gateway took the message for this one connection. Of a {@link Recipient} nothing needs to be looked up. */
  async sendToOne(
    recipient: string | Recipient,
    data: unknown,
    method: SendMethod = 'sendToConnection',
  ): Promise<boolean> {
    const { engine } = this;
    const payload = encodePayload(data, this.maxPayloadBytes);
    const connectionId = typeof recipient === 'string' ? recipient : recipient.connectionId;
    if ((await engine.deliverHere(connectionId, payload)) !== null) return true;
    const target = { method, connectionIds: [connectionId] };
    const page = [rememberedSender(connectionId) ?? recipient] as RecipientPage;
    const { delivered } = await this.deliver({ recipients: [page], target }, payload, engine);
    if (delivered === 0) forgetSender(connectionId);
    return delivered === 1;
  }

  /** Sends a payload that is ready. Resolves how many connections each outcome has. */
  async deliver(to: Addressees, payload: Uint8Array, engine = this.engine): Promise<DeliveryCounts> {
    const counts = noDeliveries();
    const onOutcome: OutcomeListener = (_, { status }) => {
      counts[COUNTED_AS[status]]++;
    };
    const { outage } = await engine.deliver({ ...to, payload, onOutcome });
    if (outage !== null) throw outage;
    return counts;
  }

  /**
   * Resolves how many connections each outcome has, with the outcome of each connection when asked to. Where there are very many, and nobody wants to
   * know of each, workers send.
   */
  async report(to: Addressees, data: unknown, options: SendOptions = {}): Promise<DeliveryReport> {
    const payload = encodePayload(data, this.maxPayloadBytes);
    const { engine, handOver } = this;
    return engine.within(options, (end) => this.reportWithin(engine, handOver, end, to, payload, options));
  }

  private async reportWithin(
    engine: DeliveryEngine,
    handOver: HandOver | null,
    end: { readonly signal?: AbortSignal },
    to: Addressees,
    payload: Uint8Array,
    { outcomes: withOutcomes = false, onProgress }: SendOptions,
  ): Promise<DeliveryReport> {
    let { recipients } = to;
    if (handOver !== null && !withOutcomes) {
      const result = await handOver.offer({ ...end, recipients, payload });
      if (result.by === 'workers') return reportOfHandOver(result);
      ({ recipients } = result);
    }
    const counts = noDeliveries();
    const outcomes = emptyMap<DeliveryOutcome>();
    const onOutcome: OutcomeListener = (connectionId, outcome) => {
      counts[COUNTED_AS[outcome.status]]++;
      if (withOutcomes) outcomes[connectionId] = outcome;
    };
    const { isAborted, outage } = await engine.deliver({
      ...end,
      ...guarded(onProgress, this.log),
      ...to,
      recipients,
      payload,
      onOutcome,
    });
    return {
      ...counts,
      ...(withOutcomes && { outcomes }),
      ...(isAborted && { aborted: true as const }),
      ...(outage !== null && { partial: true as const }),
    };
  }
}

function reportOfHandOver(result: {
  readonly handedOver: HandedOver;
  readonly refused: number;
  readonly isAborted: boolean;
}): DeliveryReport {
  const { handedOver, refused, isAborted } = result;
  return { ...noDeliveries(), failed: refused, handedOver, ...(isAborted && { aborted: true as const }) };
}

/** A callback that throws must not end the process, nor the broadcast. */
function guarded(onProgress: SendOptions['onProgress'], log: Log): Pick<SendOptions, 'onProgress'> {
  if (onProgress === undefined) return {};
  const tell = (progress: DeliveryProgress): void => {
    try {
      onProgress(progress);
    } catch (error) {
      log.error('progress-callback.failed', 'The callback "onProgress" of a send failed.', { error });
    }
  };
  return { onProgress: tell };
}
