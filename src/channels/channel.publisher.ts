import type { Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { DeliveryReport } from '../contracts/delivery-report.js';
import { PayloadTooLargeError } from '../errors/payload-too-large.error.js';
import { StoreUnavailableError } from '../errors/store-unavailable.error.js';
import type { MessageSender } from '../fanout/message.sender.js';
import type { OutageLog } from '../logging/outage.log.js';
import { noDeliveries } from '../fanout/delivery.counts.js';
import { requireChannelName } from '../protocol/name.js';
import { randomToken } from '../stores/random.token.js';
import type { WirePosition } from '../protocol/wire/stream.position.js';
import { membersOf } from './channel.addressees.js';
import type { ChannelRegistry } from './channel.registry.js';
import { messageText, numbered, sizeOfMessage } from './wire.text.js';

/** How a message is published. */
export interface ChannelPublishOptions {
  /** A name for the kind of message. @default none */
  readonly event?: string;
  /** The member who published it. @default none */
  readonly from?: string;
  /** Connections that do not get it. @default none */
  readonly except?: readonly string[];
  /** @default a random one */
  readonly messageId?: string;
}

/** A message that was published. */
export interface PublishedChannelMessage extends Partial<WirePosition> {
  readonly messageId: string;
  /** When, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** What became of it for those who are in the channel now. */
  readonly delivery: DeliveryReport;
}

const encoder = new TextEncoder();

const MESSAGE_ID_BYTES = 16;

/** A message id that no other message has: 22 characters. */
export function createMessageId(): string {
  return randomToken(MESSAGE_ID_BYTES);
}

/** Publishes to channels: numbers and keeps the message where the channel has history, then sends it to everybody there. */
export class ChannelPublisher {
  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: ChannelRegistry,
    private readonly sender: MessageSender,
    private readonly clock: Clock,
    private readonly maxPayloadBytes: number,
    private readonly outages: OutageLog,
  ) {}

  /**
   * Publishes `data`, as JSON. What is in the history counts as published: those whom it did not reach, as the store failed then, get it when they
   * recover; the report says `partial`.
   *
   * @throws InvalidNameError, PayloadTooLargeError, InvalidPayloadError before anything is stored or sent
   * @throws StoreUnavailableError when it is not in the history, or the channel has none and the store cannot tell who is in it
   */
  async publish(
    channel: string,
    data: unknown,
    { event, from, except, messageId = createMessageId() }: ChannelPublishOptions = {},
  ): Promise<PublishedChannelMessage> {
    requireChannelName(channel);
    const timestamp = this.clock.now();
    const bounds = this.registry.match(channel)?.rule.history ?? null;
    const history = bounds === null ? null : this.store.history();
    const text = messageText({
      type: 'message',
      channel,
      ...(event !== undefined && { event }),
      ...(from !== undefined && { from }),
      id: messageId,
      timestamp,
      data,
    });
    const bytes = sizeOfMessage(text, history !== null);
    if (bytes > this.maxPayloadBytes) throw new PayloadTooLargeError(bytes, this.maxPayloadBytes);
    const position = bounds === null ? null : ((await history?.append(channel, text, bounds)) ?? null);
    const payload = encoder.encode(position === null ? text : numbered(text, position));
    const delivery = await this.deliver(channel, payload, except, position !== null);
    return { messageId, timestamp, ...(position !== null && pick(position)), delivery };
  }

  private async deliver(
    channel: string,
    payload: Uint8Array,
    except: readonly string[] | undefined,
    isKept: boolean,
  ): Promise<DeliveryReport> {
    try {
      return await this.sender.report(membersOf(this.store, channel, except, 'publish'), payload);
    } catch (error) {
      // Published again it would be there twice.
      if (!isKept || !(error instanceof StoreUnavailableError)) throw error;
      this.outages.tell(error, undefined);
      return { ...noDeliveries(), partial: true };
    }
  }
}

function pick({ epoch, offset }: WirePosition): WirePosition {
  return { epoch, offset };
}
