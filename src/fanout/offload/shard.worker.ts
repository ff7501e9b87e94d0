import {
  BROADCAST_LIFETIME_MS,
  type BroadcastLedger,
  type ShardClaim,
  type ShardCounts,
} from '../../contracts/broadcast.ledger.js';
import type { CancelTask, Clock } from '../../contracts/clock.js';
import type { LogCode } from '../../logging/log.codes.js';
import { Log } from '../../logging/log.js';
import { forEachAtMost } from '../concurrency.gate.js';
import { keepingAlive } from '../keeping-alive.js';
import { randomToken } from '../../stores/random.token.js';
import { readShard, type Shard } from './shard.envelope.js';
import type { SqsBatchResponse, SqsEvent, SqsRecord } from './sqs.event.js';

/** Sends a payload to these connections, and counts what becomes of it. */
export type ShardDelivery = (ids: readonly string[], payload: Uint8Array) => Promise<ShardCounts>;

export interface ShardWorkerSettings {
  readonly keyPrefix: string;
  readonly clock: Clock;
  /** How long a shard stays with a worker that no longer says that it is at it. @default 30_000 */
  readonly leaseMs?: number;
}

const DEFAULT_LEASE_MS = 30_000;

/** A lease is prolonged this many times before it would run out: one try may fail. */
const RENEWALS_PER_LEASE = 3;

/** How often the outcome of a shard is written down before it is given up, with what pauses. */
const SETTLE_ATTEMPTS = 3;
const SETTLE_PAUSE_MS = 500;

/** Lambda hands over ten messages at once unless it is told otherwise, and the slowest client of each shard holds it up. */
const SHARDS_AT_ONCE = 10;

/** What becomes of a message: it is deleted, or delivered again after its visibility timeout. */
type Verdict = 'done' | 'again';

/**
 * Works off the shards that Lambda gets from the queue, each by one worker, and answers which messages are to be delivered again:
 *
 * - again: the store is down, another worker has the shard, or the delivery threw;
 * - again: somebody else's message, or a shard of another `keyPrefix` or of a later version. It is not ours to delete, so it goes the way of the
 *   queue's redrive policy, and into the dead-letter queue if there is one;
 * - deleted: a shard that is worked off, one that is older than a day, which nobody remembers having worked off, and one that is damaged, for
 *   which no worker will ever be found.
 *
 * A worker that dies is noticed when its lease runs out, and the shard is done again from its start: then some connections get the message twice.
 */
export class ShardWorker {
  private readonly said = new Set<string>();

  constructor(
    private readonly ledger: () => BroadcastLedger,
    private readonly deliver: ShardDelivery,
    private readonly settings: ShardWorkerSettings,
    private readonly log = new Log(),
  ) {}

  /** Never rejects. */
  async handle({ Records: records }: SqsEvent): Promise<SqsBatchResponse> {
    const batchItemFailures: { readonly itemIdentifier: string }[] = [];
    await forEachAtMost(SHARDS_AT_ONCE, records, async (record) => {
      if ((await this.handleRecord(record)) === 'again') batchItemFailures.push({ itemIdentifier: record.messageId });
    });
    return { batchItemFailures };
  }

  private async handleRecord({ body }: SqsRecord): Promise<Verdict> {
    const reading = readShard(body);
    switch (reading.kind) {
      case 'foreign':
        this.sayOnce(
          'foreign',
          'shard.foreign',
          'The queue of "fanout.offload" has messages that are not of this package. They are not touched: give broadcasts a queue of their own.',
        );
        return 'again';
      case 'newer':
        this.sayOnce(
          'newer',
          'shard.foreign',
          'A shard of a broadcast comes from a later version of this package: update the workers.',
        );
        return 'again';
      case 'damaged':
        this.sayOnce('damaged', 'shard.failed', 'A shard of a broadcast was damaged on its way, and is dropped.');
        return 'done';
      case 'shard':
        return this.handleShard(reading.shard);
    }
  }

  private async handleShard(shard: Shard): Promise<Verdict> {
    if (shard.keyPrefix !== this.settings.keyPrefix) {
      this.sayOnce(
        'key-prefix',
        'shard.foreign',
        'The queue of "fanout.offload" has shards of an application with another "keyPrefix". They are not touched: give each application a queue.',
      );
      return 'again';
    }
    if (shard.createdAt + BROADCAST_LIFETIME_MS <= this.settings.clock.now()) {
      this.sayOnce(
        'late',
        'shard.late',
        'A shard of a broadcast was in the queue for longer than a day, and is dropped.',
      );
      return 'done';
    }
    const { broadcastId } = shard;
    const claim: ShardClaim = { broadcastId, shard: shard.shard, token: randomToken() };
    try {
      const result = await this.ledger().claim(claim, this.leaseMs);
      if (result !== 'claimed') return result === 'settled' ? 'done' : 'again';
    } catch (error) {
      this.failed(shard, error);
      return 'again';
    }
    return this.work(shard, claim);
  }

  private async work(shard: Shard, claim: ShardClaim): Promise<Verdict> {
    const stopRenewing = this.keepRenewing(claim);
    let counts: ShardCounts;
    try {
      counts = await this.deliver(shard.ids, shard.payload);
    } catch (error) {
      stopRenewing();
      this.failed(shard, error);
      // If this fails as well, the lease runs out by itself.
      await this.ledger()
        .release(claim)
        .catch(() => undefined);
      return 'again';
    }
    stopRenewing();
    return keepingAlive(() => this.settle(shard, claim, counts));
  }

  private async settle(shard: Shard, claim: ShardClaim, counts: ShardCounts): Promise<Verdict> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.ledger().settle(claim, counts);
        return 'done';
      } catch {
        if (attempt === SETTLE_ATTEMPTS) break;
        await new Promise<void>((resolve) => void this.settings.clock.after(attempt * SETTLE_PAUSE_MS, resolve));
      }
    }
    // Everybody has the message, and nobody knows: better that the report lacks a shard than that a thousand clients get it twice.
    const { broadcastId } = shard;
    this.log.error(
      'shard.unsettled',
      `Shard ${shard.shard} of broadcast ${broadcastId} is sent, but the store failed to note that: its report will not become complete.`,
      { broadcastId },
    );
    return 'done';
  }

  /** @returns what ends it */
  private keepRenewing(claim: ShardClaim): CancelTask {
    let cancel: CancelTask = () => undefined;
    const schedule = (): void => {
      cancel = this.settings.clock.after(this.leaseMs / RENEWALS_PER_LEASE, () => {
        schedule();
        // One that fails is made up for by the next.
        this.ledger()
          .claim(claim, this.leaseMs)
          .catch(() => undefined);
      });
    };
    schedule();
    return () => cancel();
  }

  private get leaseMs(): number {
    return this.settings.leaseMs ?? DEFAULT_LEASE_MS;
  }

  private failed({ broadcastId, shard }: Shard, error: unknown): void {
    this.log.error(
      'shard.failed',
      `Shard ${shard} of broadcast ${broadcastId} could not be worked off; the queue delivers it again.`,
      { broadcastId, error },
    );
  }

  private sayOnce(topic: string, code: LogCode, message: string): void {
    if (this.said.has(topic)) return;
    this.said.add(topic);
    this.log.error(code, message);
  }
}
