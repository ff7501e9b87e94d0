import type { Clock } from '../../contracts/clock.js';
import type { ChannelOccupancy, Recipient } from '../../contracts/connection.store.js';
import { TOMBSTONE_MS } from '../tombstone.js';
import { PAGE_SIZE, pagesOf } from '../page.js';
import type { Fields } from './attribute.values.js';
import { ALIVE, isAlive, readRecord, toRecipient, type ConnectionRecord } from './connection.record.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { GRACE_MS } from './lifetime.js';
import { LANES, PartitionCursor } from './partition.cursor.js';
import type { TableKeys } from './table.keys.js';
import type { ItemKey, TableRequests } from './table.requests.js';

/** How many dead records a sweep deletes at once. */
const BURIALS_AT_ONCE = 25;

/** Finds connections by their records: some by id, or all of them. */
export class RecordReader {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly clock: Clock,
  ) {}

  /** The records of those connections that exist, by id. */
  async find(connectionIds: Iterable<string>): Promise<Map<string, ConnectionRecord>> {
    const found = new Map<string, ConnectionRecord>();
    for (const page of pagesOf([...new Set(connectionIds)])) {
      const items = await this.table.run('find connections', (requests) =>
        requests.getMany(page.map((connectionId) => this.keys.connection(connectionId))),
      );
      for (const fields of items) {
        const record = readRecord(fields);
        if (isAlive(record, this.clock.now())) found.set(idOf(fields), record);
      }
    }
    return found;
  }

  async *recipients(): AsyncIterable<readonly Recipient[]> {
    const limit = Math.floor(PAGE_SIZE / Math.min(LANES, this.keys.connections.length));
    const query = {
      projection: '#sk, #connectedAt, #endpoint',
      filter: ALIVE,
      values: { now: this.clock.now() },
      limit,
    };
    for await (const { items } of this.rounds('list connections', query)) {
      if (items.length > 0) yield items.map((fields) => toRecipient(idOf(fields), readRecord(fields)));
    }
  }

  async count(): Promise<number> {
    const query = { isCount: true, filter: ALIVE, values: { now: this.clock.now() } };
    let total = 0;
    for await (const { count } of this.rounds('count connections', query)) total += count;
    return total;
  }

  /**
   * The channels by the records of all connections. Not by the channels' own partitions: those would be eight queries for each channel, most
   * have few members, and what points at a member has to be checked against the record anyway.
   */
  async *channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    const members = new Map<string, number>();
    const query = { projection: '#channels', filter: ALIVE, values: { now: this.clock.now() } };
    for await (const { items } of this.rounds('list channels', query)) {
      for (const fields of items) {
        for (const channel of readRecord(fields).channels.keys()) members.set(channel, (members.get(channel) ?? 0) + 1);
      }
    }
    yield* pagesOf([...members].map(([channel, count]) => ({ channel, members: count })));
  }

  /** Deletes on the way what has been dead for a while; else every reader of all connections would go through it until DynamoDB does. */
  async *staleBefore(instant: number): AsyncIterable<readonly string[]> {
    const now = this.clock.now();
    const buried = now - TOMBSTONE_MS - GRACE_MS;
    const query = {
      projection: '#pk, #sk, #removedAt, #expiresAt, #life',
      filter: `(${ALIVE} AND #seenAt < :instant) OR #removedAt <= :buried OR #expiresAt <= :buried`,
      values: { now, instant, buried },
    };
    const bury = async (requests: TableRequests, { items }: { items: readonly Fields[] }): Promise<void> => {
      const dead = items.filter((fields) => !isAlive(readRecord(fields), now));
      for (const some of pagesOf(dead, BURIALS_AT_ONCE)) {
        await Promise.all(
          some.map((fields) => requests.delete(keyOf(fields), '#life = :life', { values: { life: fields['life'] } })),
        );
      }
    };
    for await (const { items } of this.rounds('find stale connections', query, bury)) {
      yield* pagesOf(items.filter((fields) => isAlive(readRecord(fields), now)).map(idOf));
    }
  }

  private async *rounds(
    name: string,
    query: ConstructorParameters<typeof PartitionCursor>[1],
    tidyUp?: (requests: TableRequests, round: { items: Fields[] }) => Promise<void>,
  ): AsyncIterable<{ items: readonly Fields[]; count: number }> {
    const cursor = new PartitionCursor(this.keys.connections, query);
    while (!cursor.isDone) yield await this.table.run(name, (requests) => cursor.next(requests), tidyUp);
  }
}

function keyOf(fields: Fields): ItemKey {
  const { pk, sk } = fields as Fields & ItemKey;
  return { pk, sk };
}

function idOf(fields: Fields): string {
  return keyOf(fields).sk;
}
