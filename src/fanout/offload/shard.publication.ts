import { encodeValue, type ShardEnvelope } from './shard.envelope.js';
import { MAX_BATCH_MESSAGES, MAX_MESSAGE_BYTES, type ShardMessage, type ShardQueue } from './shard.queue.js';

/** For the ids of a shard, beside a payload that is larger than API Gateway takes: AWS takes such a message, others may not. */
const LEAST_ROOM_BYTES = 16_384;

/** How a publication ended. */
export interface Published {
  /** Recipients in the queue. */
  readonly recipients: number;
  readonly shards: number;
  /** Recipients that the queue did not take. */
  readonly refused: number;
  /** Why it did not, `undefined` when it took all. */
  readonly cause?: unknown;
}

/**
 * Cuts one broadcast's stream of ids into shards and puts them into the queue, a batch at a time: besides that one batch it holds nothing. Once the
 * queue has refused a batch for as long as that may take, the rest is counted and not tried.
 */
export class ShardPublication {
  private ids: string[] = [];
  private idBytes = 0;
  private batch: ShardMessage[] = [];
  private batchBytes = 0;
  private nextShard = 0;
  private recipients = 0;
  private shards = 0;
  private refused = 0;
  private cause: unknown;
  private hasGivenUp = false;
  private readonly roomForIds: number;

  constructor(
    private readonly queue: ShardQueue,
    private readonly envelope: ShardEnvelope,
    private readonly shardSize: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.roomForIds = Math.max(LEAST_ROOM_BYTES, envelope.roomFor(MAX_MESSAGE_BYTES));
  }

  get published(): Published {
    const { recipients, shards, refused, cause } = this;
    return { recipients, shards, refused, ...(cause !== undefined && { cause }) };
  }

  /** Takes an id; resolves when the next one may come, `undefined` where that is now. */
  add(id: string): Promise<void> | undefined {
    if (this.hasGivenUp) {
      this.refused++;
      return undefined;
    }
    const encoded = encodeValue(id);
    const bytes = encoded.length + 1;
    const isFull = this.ids.length === this.shardSize || this.idBytes + bytes > this.roomForIds;
    const sending = isFull && this.ids.length > 0 ? this.endShard() : undefined;
    this.ids.push(encoded);
    this.idBytes += bytes;
    return sending;
  }

  /** Sends what is left over. */
  async finish(): Promise<Published> {
    if (this.ids.length > 0) await this.endShard();
    await this.sendBatch();
    return this.published;
  }

  private endShard(): Promise<void> | undefined {
    const body = this.envelope.write(this.nextShard++, this.ids);
    const message = { body, recipients: this.ids.length };
    this.ids = [];
    this.idBytes = 0;
    const isFull = this.batch.length === MAX_BATCH_MESSAGES || this.batchBytes + body.length > MAX_MESSAGE_BYTES;
    const sending = isFull ? this.sendBatch() : undefined;
    this.batch.push(message);
    this.batchBytes += body.length;
    return sending;
  }

  private async sendBatch(): Promise<void> {
    const { batch } = this;
    this.batch = [];
    this.batchBytes = 0;
    if (batch.length === 0) return;
    const refusal = this.hasGivenUp
      ? { messages: batch, cause: this.cause }
      : await this.queue.send(batch, this.signal);
    const refused = refusal?.messages ?? [];
    this.refused += recipientsOf(refused);
    this.recipients += recipientsOf(batch) - recipientsOf(refused);
    this.shards += batch.length - refused.length;
    if (refusal === null) return;
    this.cause = refusal.cause;
    this.hasGivenUp = true;
  }
}

function recipientsOf(messages: readonly ShardMessage[]): number {
  return messages.reduce((total, { recipients }) => total + recipients, 0);
}
