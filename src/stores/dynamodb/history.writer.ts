import type { HistoryBounds, StreamPosition } from '../../contracts/channel.history.js';
import type { Clock } from '../../contracts/clock.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { HEAD, liveHead, messageKey, newEpoch, type StreamHead } from './history.items.js';
import { secondsOf, TTL_SLACK_MS } from './lifetime.js';
import { pause } from './pause.js';
import type { TableKeys } from './table.keys.js';
import type { ItemKey, TableRequests } from './table.requests.js';
import { randomToken } from '../random.token.js';
import { Turns } from './turns.js';

/** How long after its last message was forgotten a stream numbers on. */
const AFTERLIFE_MS = 86_400_000;

/**
 * So many messages stay behind the bound. A writer who was held up between reading the last number and taking the next one finds that taken: it
 * must not have been deleted meanwhile, or two messages would have had the same number.
 */
const MARGIN = 100;

/** How many numbers that others took a writer passes before it waits a moment. */
const PASSED_AT_ONCE = 5;

interface Draft {
  readonly message: string;
  readonly token: string;
  readonly bounds: HistoryBounds;
}

/** Appends messages to the streams of channels; those of one process one after the other, for they would only get in each other's way. */
export class HistoryWriter {
  private readonly turns = new Turns();

  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly clock: Clock,
  ) {}

  append(channel: string, message: string, bounds: HistoryBounds): Promise<StreamPosition> {
    const draft = { message, token: randomToken(), bounds };
    const partition = this.keys.history(channel);
    return this.table.run(
      'append a message',
      (requests) => this.turns.take(partition, () => this.write(requests, partition, draft)),
      (requests, position) => this.trim(requests, partition, position, bounds),
    );
  }

  private async write(requests: TableRequests, partition: string, draft: Draft): Promise<StreamPosition> {
    let passed: StreamPosition | undefined;
    for (let attempt = 1; ; attempt++) {
      const head = await this.head(requests, partition, draft.bounds);
      const { epoch } = head;
      const last = passed?.epoch === epoch ? Math.max(passed.offset, head.offset) : head.offset;
      const position = { epoch, offset: last + 1 };
      const isPlaced = await this.place(requests, partition, position, head, draft);
      if (isPlaced && (await this.follow(requests, partition, position, head, draft))) return position;
      if (!isPlaced) passed = position;
      if (attempt % PASSED_AT_ONCE === 0) await pause(0, requests.signal);
    }
  }

  /** Takes a number, unless somebody else has it. */
  private async place(
    requests: TableRequests,
    partition: string,
    position: StreamPosition,
    head: StreamHead,
    { message, token, bounds }: Draft,
  ): Promise<boolean> {
    const key = { pk: partition, sk: messageKey(position) };
    const at = this.clock.now();
    // Longer than a head stands that does not know of it: or the next one would take the same number.
    const ttl = secondsOf(this.endOf(head, bounds) + TTL_SLACK_MS);
    if (await requests.put({ ...key, message, token, at, ttl }, 'attribute_not_exists(#pk)', {})) return true;
    // Refused, maybe by its own first attempt, whose answer was lost.
    return (await requests.get(key))?.['token'] === token;
  }

  /**
   * Has the head follow a message that is in its place. Resolves to false where it has no place after all: its number was given, and is long
   * forgotten, or the stream is lost.
   */
  private async follow(
    requests: TableRequests,
    partition: string,
    { epoch, offset }: StreamPosition,
    known: StreamHead,
    { token, bounds }: Draft,
  ): Promise<boolean> {
    let head: StreamHead | null = known;
    while (head?.epoch === epoch) {
      if (head.offset >= offset) {
        if (offset >= head.floor - MARGIN) return true;
        await requests.delete({ pk: partition, sk: messageKey({ epoch, offset }) }, '#token = :token', {
          values: { token },
        });
        return false;
      }
      const floor = Math.max(head.floor, offset - bounds.maxMessages + 1);
      const expiresAt = this.endOf(head, bounds);
      const before = await requests.update(headKey(partition), {
        update: 'SET #offset = :offset, #floor = :floor, #keeps = :keeps, #expiresAt = :expiresAt, #ttl = :ttl',
        condition: '#epoch = :epoch AND #offset < :offset AND #floor <= :floor',
        values: { epoch, offset, floor, keeps: bounds.maxMessages, expiresAt, ttl: secondsOf(expiresAt) },
      });
      if (before !== null) return true;
      head = await this.find(requests, partition);
    }
    return false;
  }

  /** The head of the stream, which starts here if there is none. */
  private async head(
    requests: TableRequests,
    partition: string,
    { maxMessages, maxAgeMs }: HistoryBounds,
  ): Promise<StreamHead> {
    for (;;) {
      const found = await this.find(requests, partition);
      if (found !== null) return found;
      const now = this.clock.now();
      const expiresAt = now + maxAgeMs + AFTERLIFE_MS;
      const head = { epoch: newEpoch(now), offset: 0, floor: 1, keeps: maxMessages, expiresAt };
      const isGone = 'attribute_not_exists(#pk) OR #expiresAt <= :now';
      const item = { ...headKey(partition), ...head, ttl: secondsOf(expiresAt) };
      if (await requests.put(item, isGone, { values: { now } })) return head;
    }
  }

  private async find(requests: TableRequests, partition: string): Promise<StreamHead | null> {
    const fields = await requests.get(headKey(partition));
    return fields === undefined ? null : liveHead(fields, this.clock.now());
  }

  private endOf({ expiresAt }: StreamHead, { maxAgeMs }: HistoryBounds): number {
    return Math.max(expiresAt, this.clock.now() + maxAgeMs + AFTERLIFE_MS);
  }

  /** Deletes the message that has just got too far behind. What is missed so its time to live takes. */
  private async trim(
    requests: TableRequests,
    partition: string,
    { epoch, offset }: StreamPosition,
    { maxMessages }: HistoryBounds,
  ): Promise<void> {
    const forgotten = offset - maxMessages - MARGIN;
    if (forgotten < 1) return;
    const key = { pk: partition, sk: messageKey({ epoch, offset: forgotten }) };
    await requests.delete(key, 'attribute_exists(#pk)', {});
  }
}

function headKey(partition: string): ItemKey {
  return { pk: partition, sk: HEAD };
}
