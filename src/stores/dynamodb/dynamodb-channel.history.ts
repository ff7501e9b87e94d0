import {
  ChannelHistory,
  type HistoryBounds,
  type HistoryPage,
  type StreamPosition,
} from '../../contracts/channel.history.js';
import type { Clock } from '../../contracts/clock.js';
import type { Fields } from './attribute.values.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { HEAD, headIn, isPlace, messageKey, messagesIn, type StoredMessage, type StreamHead } from './history.items.js';
import type { HistoryWriter } from './history.writer.js';
import type { TableKeys } from './table.keys.js';
import type { PartitionQuery, TableRequests } from './table.requests.js';

/**
 * The last messages of channels, in the table of a store: an item for each message, whose sort key is its number, and one for what is known of the
 * stream, its head.
 *
 * A message takes the number behind the last one by a write that fails when there is such a message, so numbers have no gap, whoever dies when;
 * the head follows. Readers need one query: it finds the messages and, behind them, the head.
 */
export class DynamoDbChannelHistory extends ChannelHistory {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly writer: HistoryWriter,
    private readonly clock: Clock,
  ) {
    super();
  }

  append(channel: string, message: string, bounds: HistoryBounds): Promise<StreamPosition> {
    return this.writer.append(channel, message, bounds);
  }

  since(channel: string, position: StreamPosition, limit: number, maxAgeMs: number): Promise<HistoryPage | null> {
    return this.table.run('read the messages behind a position', async (requests) => {
      if (!isPlace(position)) return null;
      const { epoch } = position;
      const first = messageKey({ epoch, offset: position.offset + 1 });
      const items = await this.read(requests, channel, limit + 2, { range: [first, HEAD] });
      const now = this.clock.now();
      const head = headIn(items, now);
      // None, too, when there are more messages than were asked for: the head comes behind them.
      if (head?.epoch !== epoch) return null;
      const messages = messagesIn(items, epoch);
      const offset = Math.max(head.offset, messages.at(-1)?.offset ?? 0);
      const isWhole = messages.length === offset - position.offset && messages.length <= limit;
      if (!isWhole || !messages.every((each) => isKept(each, head, offset, now - maxAgeMs))) return null;
      return pageOf(head, offset, messages);
    });
  }

  last(channel: string, limit: number, maxAgeMs: number): Promise<HistoryPage | null> {
    return this.table.run('read the last messages', async (requests) => {
      const items = await this.read(requests, channel, limit + 1, { isDescending: true });
      const now = this.clock.now();
      const head = headIn(items, now);
      if (head === null) return null;
      const found = messagesIn(items, head.epoch);
      const offset = Math.max(head.offset, found[0]?.offset ?? 0);
      const messages: StoredMessage[] = [];
      for (const each of found) {
        if (each.offset !== offset - messages.length || !isKept(each, head, offset, now - maxAgeMs)) break;
        messages.push(each);
      }
      return pageOf(head, offset, messages.reverse());
    });
  }

  /** So many items of a channel, however many pages they come in. */
  private async read(
    requests: TableRequests,
    channel: string,
    count: number,
    query: PartitionQuery,
  ): Promise<Fields[]> {
    const partition = this.keys.history(channel);
    const items: Fields[] = [];
    let start: Parameters<TableRequests['query']>[2];
    do {
      const page = await requests.query(partition, { ...query, limit: count - items.length }, start);
      items.push(...page.items);
      start = page.next;
    } while (start !== undefined && items.length < count);
    return items;
  }
}

/** @param last the number of the last message, which the head may not know of yet */
function isKept({ offset, at }: StoredMessage, head: StreamHead, last: number, forgottenUntil: number): boolean {
  return offset >= Math.max(head.floor, last - head.keeps + 1) && at > forgottenUntil;
}

function pageOf({ epoch }: StreamHead, offset: number, messages: readonly StoredMessage[]): HistoryPage {
  return { epoch, offset, messages: messages.map((each) => ({ offset: each.offset, message: each.message })) };
}
