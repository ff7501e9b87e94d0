import { Logger } from '@nestjs/common';
import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import type { DeliveryReport, HandedOver } from '../contracts/delivery-report.js';
import { describeError } from '../events/event.publisher.js';
import { encodePayload } from '../protocol/payload.js';
import type { OutcomeListener, RecipientPages } from './broadcast.request.js';
import { COUNTED_AS, noDeliveries } from './delivery.counts.js';
import type { FanOutEngine } from './fan-out.engine.js';
import type { DeliveryCounts, DeliveryProgress } from './fan-out.observer.js';
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

/** A map without a prototype: `__proto__` and `constructor` are names like any other. */
export function emptyMap<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}

/**
 * Sends data to connections and collects what became of it.
 *
 * Every method rejects with `PayloadTooLargeError` or `InvalidPayloadError` before anything is sent, and with `StoreUnavailableError` when
 * the store cannot tell where the recipients are.
 */
export class MessageSender {
  constructor(
    private readonly engine: FanOutEngine,
    private readonly maxPayloadBytes: number,
    private readonly handOver: HandOver | null = null,
  ) {}

  /** Resolves whether the gateway took the message, by connection id. The map has no prototype. */
  async send(recipients: RecipientPages, data: unknown): Promise<Record<string, boolean>> {
    const results = emptyMap<boolean>();
    const onOutcome: OutcomeListener = (connectionId, { status }) => {
      results[connectionId] = status === 'delivered';
    };
    await this.engine.deliver({ recipients, payload: encodePayload(data, this.maxPayloadBytes), onOutcome });
    return results;
  }

  /** Sends a payload that is ready. Resolves how many connections each outcome has. */
  async deliver(recipients: RecipientPages, payload: Uint8Array): Promise<DeliveryCounts> {
    const counts = noDeliveries();
    const onOutcome: OutcomeListener = (_, { status }) => {
      counts[COUNTED_AS[status]]++;
    };
    await this.engine.deliver({ recipients, payload, onOutcome });
    return counts;
  }

  /**
   * Resolves how many connections each outcome has, with the outcome of each connection when asked to. Where there are very many, and nobody wants to
   * know of each, workers send.
   */
  async report(recipients: RecipientPages, data: unknown, options: SendOptions = {}): Promise<DeliveryReport> {
    const payload = encodePayload(data, this.maxPayloadBytes);
    return this.engine.within(options, (end) => this.reportWithin(end, recipients, payload, options));
  }

  private async reportWithin(
    end: { readonly signal?: AbortSignal },
    recipients: RecipientPages,
    payload: Uint8Array,
    { outcomes: withOutcomes = false, onProgress }: SendOptions,
  ): Promise<DeliveryReport> {
    let pages = recipients;
    if (this.handOver !== null && !withOutcomes) {
      const result = await this.handOver.offer({ ...end, recipients, payload });
      if (result.by === 'workers') return reportOfHandOver(result);
      pages = result.recipients;
    }
    const counts = noDeliveries();
    const outcomes = emptyMap<DeliveryOutcome>();
    const onOutcome: OutcomeListener = (connectionId, outcome) => {
      counts[COUNTED_AS[outcome.status]]++;
      if (withOutcomes) outcomes[connectionId] = outcome;
    };
    const { isAborted } = await this.engine.deliver({
      ...end,
      ...guarded(onProgress),
      recipients: pages,
      payload,
      onOutcome,
    });
    return { ...counts, ...(withOutcomes && { outcomes }), ...(isAborted && { aborted: true as const }) };
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
function guarded(onProgress: SendOptions['onProgress']): Pick<SendOptions, 'onProgress'> {
  if (onProgress === undefined) return {};
  const tell = (progress: DeliveryProgress): void => {
    try {
      onProgress(progress);
    } catch (error) {
      new Logger('WebSocket').error('The callback "onProgress" of a send failed.', describeError(error));
    }
  };
  return { onProgress: tell };
}
