import type { Clock } from '../../contracts/clock.js';
import type { Recipient } from '../../contracts/connection.store.js';
import { PAGE_SIZE, pagesOf } from '../page.js';
import { mapKey } from './attribute.values.js';
import { isAlive, readRecord, toRecipient, type ConnectionRecord } from './connection.record.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { LANES, PartitionCursor } from './partition.cursor.js';
import { readPointer, type Pointer, type PointerItems } from './pointer.items.js';
import type { TableKeys } from './table.keys.js';
import type { TableRequests } from './table.requests.js';

/** How many abandoned pointers a page deletes at once, and at most: what is left waits for the next reader. */
const PRUNES_PER_PAGE = 100;
const PRUNES_AT_ONCE = 25;

/** What pointers lead to, and what a record must say for that to be true. */
interface Listing {
  /** What reading it does, for error messages. */
  readonly name: string;
  readonly partitions: readonly string[];
  /** The attribute of records that `includes` reads. */
  readonly attribute: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly includes: (record: Partial<ConnectionRecord>) => boolean;
}

/** Finds connections by what points at them, asking each one's record, and deletes pointers that have led nowhere for a while. */
export class PointerReader {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly pointers: PointerItems,
    private readonly clock: Clock,
  ) {}

  members(channel: string): AsyncIterable<readonly Recipient[]> {
    return this.pages(this.membersOf(channel));
  }

  /** All members at once, within an operation that is under way. */
  async membersWithin(requests: TableRequests, channel: string): Promise<string[]> {
    const listing = this.membersOf(channel);
    const cursor = cursorOf(listing);
    const members: string[] = [];
    while (!cursor.isDone) members.push(...(await this.readPage(requests, listing, cursor)).found.map(idOf));
    return members;
  }

  /** At least as many as the members of a channel are: how many pointers there are. */
  async countAtMost(requests: TableRequests, channel: string): Promise<number> {
    const cursor = new PartitionCursor(this.keys.channel(channel), { isCount: true });
    let total = 0;
    while (!cursor.isDone) total += (await cursor.next(requests)).count;
    return total;
  }

  async ofUser(userId: string): Promise<string[]> {
    const found: string[] = [];
    const listing: Listing = {
      name: "list a user's connections",
      partitions: [this.keys.user(userId)],
      attribute: '#userId',
      includes: (record) => record.userId === userId,
    };
    for await (const page of this.pages(listing)) found.push(...page.map(idOf));
    return found;
  }

  private membersOf(channel: string): Listing {
    return {
      name: "list a channel's members",
      partitions: this.keys.channel(channel),
      attribute: '#channels.#channel',
      names: { channel: mapKey(channel) },
      // Asked for a channel that is not there, DynamoDB leaves out the whole attribute.
      includes: ({ channels }) => channels?.has(channel) === true,
    };
  }

  private async *pages(listing: Listing): AsyncIterable<readonly Recipient[]> {
    const cursor = cursorOf(listing);
    while (!cursor.isDone) {
      const { found } = await this.table.run(
        listing.name,
        (requests) => this.readPage(requests, listing, cursor),
        (requests, { strays }) => this.prune(requests, strays),
      );
      if (found.length > 0) yield found;
    }
  }

  private async readPage(
    requests: TableRequests,
    { attribute, names = {}, includes }: Listing,
    cursor: PartitionCursor,
  ): Promise<{ found: Recipient[]; strays: Pointer[] }> {
    const pointers = (await cursor.next(requests)).items.map(readPointer);
    const items = await requests.getMany(
      pointers.map(({ sk }) => this.keys.connection(sk)),
      `#sk, #removedAt, #expiresAt, #connectedAt, #endpoint, ${attribute}`,
      names,
    );
    const now = this.clock.now();
    const records = new Map(items.map((fields) => [fields['sk'], readRecord(fields)]));
    const found: Recipient[] = [];
    const strays: Pointer[] = [];
    for (const pointer of pointers) {
      const record = records.get(pointer.sk);
      if (isAlive(record, now) && includes(record)) found.push(toRecipient(pointer.sk, record));
      else if (this.pointers.isAbandoned(pointer)) strays.push(pointer);
    }
    return { found, strays };
  }

  private async prune(requests: TableRequests, strays: readonly Pointer[]): Promise<void> {
    for (const some of pagesOf(strays.slice(0, PRUNES_PER_PAGE), PRUNES_AT_ONCE)) {
      await Promise.all(some.map((stray) => this.pointers.prune(requests, stray)));
    }
  }
}

/** Reads so much of each partition that a page is full when all of them have more. */
function cursorOf({ partitions }: Listing): PartitionCursor {
  const limit = Math.floor(PAGE_SIZE / Math.min(LANES, partitions.length));
  return new PartitionCursor(partitions, { projection: '#pk, #sk, #at', limit });
}

function idOf({ connectionId }: Recipient): string {
  return connectionId;
}
