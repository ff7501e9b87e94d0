import type { PresenceEntry } from '../../contracts/presence.ledger.js';
import { pagesOf } from '../page.js';
import type { ChannelAttendance } from './channel.attendance.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { LANES, PartitionCursor } from './partition.cursor.js';
import { readPresence, type PresenceItem, type PresenceItems } from './presence.item.js';
import type { TableKeys } from './table.keys.js';
import type { TableRequests } from './table.requests.js';

/** How many members a page has: each has an info and some connections, whose records are asked for in the same operation. */
const PAGE_SIZE = 250;

/** How many items a page tidies up at once, and at most: what is left waits for the next reader. */
const CHANGES_PER_PAGE = 100;
const CHANGES_AT_ONCE = 25;

interface Page {
  readonly members: readonly PresenceEntry[];
  /** Items of members who are there, and soon to be postponed. */
  readonly ageing: readonly PresenceItem[];
  /** Items of members who are not there. */
  readonly dead: readonly PresenceItem[];
}

/** Finds who is in a channel, asking the record of each connection. */
export class PresenceReader {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly attendance: ChannelAttendance,
    private readonly items: PresenceItems,
  ) {}

  async *members(channel: string): AsyncIterable<readonly PresenceEntry[]> {
    for await (const { members } of this.pages(channel, '#pk, #sk, #info, #connections, #version, #deadSince, #ttl')) {
      if (members.length > 0) yield members;
    }
  }

  async count(channel: string): Promise<number> {
    let total = 0;
    for await (const { members } of this.pages(channel, '#pk, #sk, #connections, #version, #deadSince, #ttl')) {
      total += members.length;
    }
    return total;
  }

  private async *pages(channel: string, projection: string): AsyncIterable<Page> {
    const partitions = this.keys.presence(channel);
    const limit = Math.floor(PAGE_SIZE / Math.min(LANES, partitions.length));
    const cursor = new PartitionCursor(partitions, { projection, limit });
    while (!cursor.isDone) {
      yield await this.table.run(
        "list a channel's presence",
        (requests) => this.readPage(requests, channel, cursor),
        (requests, page) => this.tidyUp(requests, page),
      );
    }
  }

  private async readPage(requests: TableRequests, channel: string, cursor: PartitionCursor): Promise<Page> {
    const items = (await cursor.next(requests)).items.map(readPresence);
    const ids = items.flatMap(({ connections }) => [...connections.keys()]);
    const here = await this.attendance.of(requests, channel, ids);
    const isThere = ({ connections }: PresenceItem): boolean => [...connections.keys()].some((id) => here.has(id));
    const there = items.filter(isThere);
    return {
      members: there.map(({ sk, info }) => ({ memberId: sk, info })),
      ageing: there.filter((item) => this.items.isAgeing(item)),
      dead: items.filter((item) => !isThere(item)),
    };
  }

  private async tidyUp(requests: TableRequests, { ageing, dead }: Page): Promise<void> {
    const changes = [
      ...ageing.map((item) => () => this.items.refresh(requests, item)),
      ...dead.map((item) => () => this.items.prune(requests, item)),
    ];
    for (const some of pagesOf(changes.slice(0, CHANGES_PER_PAGE), CHANGES_AT_ONCE)) {
      await Promise.all(some.map((change) => change()));
    }
  }
}
