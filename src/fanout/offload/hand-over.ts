import { randomUUID } from 'node:crypto';
import type { BroadcastLedger } from '../../contracts/broadcast.ledger.js';
import type { Clock } from '../../contracts/clock.js';
import type { Recipient } from '../../contracts/connection.store.js';
import type { HandedOver } from '../../contracts/delivery-report.js';
import { Log } from '../../logging/log.js';
import { IdSet } from '../id-set.js';
import { keepingAlive } from '../keeping-alive.js';
import { ShardEnvelope } from './shard.envelope.js';
import { ShardPublication, type Published } from './shard.publication.js';
import type { ShardQueue } from './shard.queue.js';

export interface HandOverSettings {
  readonly threshold: number;
  readonly shardSize: number;
  readonly keyPrefix: string;
  readonly clock: Clock;
}

/** A message that may be handed over. */
export interface HandOverRequest {
  readonly recipients: AsyncIterable<readonly (string | Recipient)[]> | Iterable<readonly (string | Recipient)[]>;
  readonly payload: Uint8Array;
  /** Ends the hand-over early. */
  readonly signal?: AbortSignal;
}

/** Who is to send a message. */
export type HandOverResult =
  /** The caller: there are few recipients, each of them once in these pages. */
  | { readonly by: 'caller'; readonly recipients: readonly (readonly string[] | readonly Recipient[])[] }
  /** The workers. */
  | {
      readonly by: 'workers';
      readonly handedOver: HandedOver;
      /** Recipients that the queue did not take: nobody sends to them. */
      readonly refused: number;
      /** It was ended early by its signal. Recipients that had not been read then are in no count. */
      readonly isAborted: boolean;
    };

/**
 * Decides who sends a message, and hands it over to workers when it goes to more than `threshold` recipients. Reads no further than it takes to
 * know, and holds at most `threshold` recipients and what is on the way to the queue.
 */
export class HandOver {
  constructor(
    private readonly ledger: () => BroadcastLedger,
    private readonly queue: ShardQueue,
    private readonly settings: HandOverSettings,
    private readonly log = new Log(),
  ) {}

  /**
   * @throws StoreUnavailableError when the store cannot tell who the recipients are, or cannot open the broadcast. What is in the queue by then is sent
   */
  offer(request: HandOverRequest): Promise<HandOverResult> {
    return keepingAlive(() => this.decide(request));
  }

  private async decide({ recipients, payload, signal }: HandOverRequest): Promise<HandOverResult> {
    const seen = new IdSet();
    let kept: (readonly (string | Recipient)[])[] = [];
    let publication: ShardPublication | null = null;
    const broadcastId = randomUUID();
    let isAborted = false;
    try {
      for await (const page of recipients) {
        if (signal?.aborted === true) {
          isAborted = true;
          break;
        }
        const fresh = page.filter((recipient) => seen.add(idOf(recipient)));
        if (publication === null) {
          kept.push(fresh);
          if (seen.size <= this.settings.threshold) continue;
          publication = await this.begin(broadcastId, payload, signal);
          for (const earlier of kept) await addAll(publication, earlier);
          kept = [];
        } else await addAll(publication, fresh);
      }
    } catch (error) {
      // What is in the queue is worked off all the same, and its report shall come to an end.
      if (publication !== null) await this.end(broadcastId, await publication.finish());
      throw error;
    }
    if (publication === null) {
      return { by: 'caller', recipients: kept as (readonly string[] | readonly Recipient[])[] };
    }
    const published = await publication.finish();
    await this.end(broadcastId, published);
    const { recipients: count, shards, refused } = published;
    return {
      by: 'workers',
      handedOver: { broadcastId, recipients: count, shards },
      refused,
      isAborted: isAborted || signal?.aborted === true,
    };
  }

  private async begin(broadcastId: string, payload: Uint8Array, signal?: AbortSignal): Promise<ShardPublication> {
    const { keyPrefix, shardSize, clock } = this.settings;
    await this.ledger().open(broadcastId);
    const envelope = new ShardEnvelope(broadcastId, keyPrefix, clock.now(), payload);
    return new ShardPublication(this.queue, envelope, shardSize, signal);
  }

  private async end(broadcastId: string, { recipients, shards, refused, cause }: Published): Promise<void> {
    if (refused > 0) {
      this.log.error(
        'broadcast.incomplete',
        `Of broadcast ${broadcastId}, ${recipients} recipients went into the queue and ${refused} did not: nobody sends to these.`,
        { broadcastId, error: cause },
      );
    }
    try {
      await this.ledger().seal(broadcastId, recipients, shards);
    } catch {
      this.log.warn(
        'broadcast.unsealed',
        `Broadcast ${broadcastId} is in the queue, ${recipients} recipients in ${shards} shards, but the store failed to note that: ` +
          'its report will not say when it is complete.',
        { broadcastId },
      );
    }
  }
}

/** Takes all recipients of a page, at the pace of the queue. */
async function addAll(publication: ShardPublication, page: readonly (string | Recipient)[]): Promise<void> {
  for (const recipient of page) {
    const sending = publication.add(idOf(recipient));
    if (sending !== undefined) await sending;
  }
}

function idOf(recipient: string | Recipient): string {
  return typeof recipient === 'string' ? recipient : recipient.connectionId;
}
