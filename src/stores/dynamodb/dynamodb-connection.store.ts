import { SystemClock } from '../../contracts/clock.js';
import type { AnswerBox } from '../../contracts/answer.box.js';
import type { BroadcastLedger } from '../../contracts/broadcast.ledger.js';
import type { ChannelHistory } from '../../contracts/channel.history.js';
import type { Connection } from '../../contracts/connection.js';
import {
  ConnectionStore,
  type ChannelOccupancy,
  type EnsureResult,
  type JoinLimits,
  type JoinResult,
  type LeaveResult,
  type Recipient,
} from '../../contracts/connection.store.js';
import type { PresenceLedger } from '../../contracts/presence.ledger.js';
import type { RequestClaims } from '../../contracts/request.claims.js';
import { STORE_DEFAULTS, type ConnectionStoreOptions } from '../store.options.js';
import { ChannelAttendance } from './channel.attendance.js';
import { ChannelMemberships } from './channel.memberships.js';
import { toConnection } from './connection.record.js';
import { ConnectionRecords } from './connection.records.js';
import { DynamoDbAnswerBox } from './dynamodb-answer.box.js';
import { DynamoDbBroadcastLedger } from './dynamodb-broadcast.ledger.js';
import { DynamoDbChannelHistory } from './dynamodb-channel.history.js';
import { DynamoDbPresenceLedger } from './dynamodb-presence.ledger.js';
import { DynamoDbRequestClaims } from './dynamodb-request.claims.js';
import type { DynamoDbClientSource } from './dynamodb.client.js';
import { DynamoDbTable } from './dynamodb.table.js';
import { HistoryWriter } from './history.writer.js';
import { graceOf } from './lifetime.js';
import { PointerItems } from './pointer.items.js';
import { PointerReader } from './pointer.reader.js';
import { PresenceItems } from './presence.item.js';
import { PresenceReader } from './presence.reader.js';
import { RecordReader } from './record.reader.js';
import { SeatReservations } from './seat.reservations.js';
import { TableKeys } from './table.keys.js';

/** What {@link DynamoDbConnectionStore} does unless it is told otherwise. */
export const DYNAMODB_STORE_DEFAULTS = Object.freeze({ tableName: 'WebSocketConnections', partitions: 8 });

/** Where {@link DynamoDbConnectionStore} keeps its state. */
export interface DynamoDbConnectionStoreOptions extends ConnectionStoreOptions {
  /** A client, which stays yours to destroy; or what makes one at the first operation, which the store destroys when it is closed. */
  readonly client: DynamoDbClientSource;
  /** @default 'WebSocketConnections' */
  readonly tableName?: string;
  /**
   * Over how many partitions each channel is spread, and over four times as many all connections. Each takes about 1,000 writes a second,
   * and each costs a query when a channel is read. The same for every process, for as long as there are connections. @default 8
   */
  readonly partitions?: number;
}

/**
 * Keeps connections in a DynamoDB table, for any number of writing processes and without a server of one's own. The table has the keys `pk`
 * and `sk`, both strings, and its time to live in `ttl`; there is no index, because only a table itself is read consistently.
 *
 * | `pk` | `sk` | item |
 * | --- | --- | --- |
 * | `websocket:connections:{0…31}` | connection id | the record: `connectedAt`, `userId`, `routeKey`, `endpoint`, `channels`, `seenAt`, `expiresAt`, `life`; after its removal a tombstone, with `removedAt` |
 * | `websocket:users:{userId}` | connection id | a pointer to a connection of the user: `tokens`, `at` |
 * | `websocket:channels:{0…7}:{channel}` | connection id | a pointer to a member of the channel: `tokens`, `at` |
 * | `websocket:presence:{0…7}:{channel}` | member id | a member who is present in the channel: `connections`, `info`, `version`, `deadSince` |
 * | `websocket:history:{channel}` | `head`, `{epoch}:{offset}` | the stream of the channel: `epoch`, `offset`, `floor`, `expiresAt`; its last messages: `message`, `at`, `token` |
 * | `websocket:claims:{key}` | `claim` | a request that was taken up: `value`, `expiresAt`, `token` |
 * | `websocket:questions:{id}` | `0`, `s{round}:{sheet}` | a question to clients: `round`, `sheet`, `expiresAt`; who answered it, in their order, forty to an item: `lines` |
 * | `websocket:answers:{id}` | `{round}:{connection id}` | what a connection answered: `answer`, `token` |
 * | `websocket:seats:{channel}` | `seats` | who is about to join, in channels that were joined with `maxMembers`: `seats`, `version` |
 * | `websocket:broadcasts:{id}` | `broadcast`, `shards:{0…}` | a broadcast that was handed over; who has which of its shards, twenty to an item, and what became of them |
 *
 * A record is the truth about its connection, and one conditional write of it is the step that counts; transactions would cost twice as
 * much. Pointers are written before it and deleted after it, and readers check each against the record. So a crash between two steps leaves
 * at worst a pointer too many, which readers ignore at once and delete after a minute. All reads are consistent, and all instants in items are epoch
 * ms by the store's clock, but for `ttl` (epoch seconds): DynamoDB deletes late, so nothing but the bill depends on it.
 *
 * @example
 * const store = new DynamoDbConnectionStore({ client: new DynamoDBClient({ region: 'eu-west-1' }) });
 */
export class DynamoDbConnectionStore extends ConnectionStore {
  private readonly table: DynamoDbTable;
  private readonly records: ConnectionRecords;
  private readonly memberships: ChannelMemberships;
  private readonly pointed: PointerReader;
  private readonly recorded: RecordReader;
  private readonly ledger: DynamoDbBroadcastLedger;
  private readonly presenceLedger: DynamoDbPresenceLedger;
  private readonly channelHistory: DynamoDbChannelHistory;
  private readonly requestClaims: DynamoDbRequestClaims;
  private readonly answerBox: DynamoDbAnswerBox;

  constructor(options: DynamoDbConnectionStoreOptions) {
    super();
    const { client, tableName = DYNAMODB_STORE_DEFAULTS.tableName } = options;
    const { partitions = DYNAMODB_STORE_DEFAULTS.partitions, keyPrefix = STORE_DEFAULTS.keyPrefix } = options;
    const { expireAfterSeconds = STORE_DEFAULTS.expireAfterSeconds, timeoutMs = STORE_DEFAULTS.timeoutMs } = options;
    const { clock = new SystemClock() } = options;
    const lifetimeMs = expireAfterSeconds * 1_000;
    const keys = new TableKeys(keyPrefix, partitions);
    const pointers = new PointerItems(clock, lifetimeMs, graceOf(timeoutMs));
    this.table = new DynamoDbTable({ client, tableName, timeoutMs, clock });
    this.ledger = new DynamoDbBroadcastLedger(this.table, keys, clock);
    this.records = new ConnectionRecords(this.table, keys, pointers, clock, lifetimeMs);
    this.pointed = new PointerReader(this.table, keys, pointers, clock);
    this.recorded = new RecordReader(this.table, keys, clock);
    const seats = new SeatReservations(this.table, keys, this.pointed, clock, timeoutMs);
    const attendance = new ChannelAttendance(keys, clock);
    const present = new PresenceItems(clock, lifetimeMs);
    const reader = new PresenceReader(this.table, keys, attendance, present);
    this.presenceLedger = new DynamoDbPresenceLedger(this.table, keys, attendance, present, reader);
    const writer = new HistoryWriter(this.table, keys, clock);
    this.channelHistory = new DynamoDbChannelHistory(this.table, keys, writer, clock);
    this.requestClaims = new DynamoDbRequestClaims(this.table, keys, clock);
    this.answerBox = new DynamoDbAnswerBox(this.table, keys, clock);
    this.memberships = new ChannelMemberships(this.table, keys, this.records, pointers, seats, clock);
  }

  add(connection: Connection): Promise<boolean> {
    return this.records.add(connection);
  }

  ensure(connection: Connection): Promise<EnsureResult> {
    return this.records.ensure(connection);
  }

  async remove(connectionId: string): Promise<Connection | null> {
    const record = await this.records.remove(connectionId);
    return record === null ? null : toConnection(connectionId, record);
  }

  async findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    const records = await this.recorded.find(connectionIds);
    return connectionIds.map((connectionId) => {
      const record = records.get(connectionId);
      return record === undefined ? null : toConnection(connectionId, record);
    });
  }

  join(connectionId: string, channel: string, limits: JoinLimits = {}): Promise<JoinResult> {
    return this.memberships.join(connectionId, channel, limits);
  }

  leave(connectionId: string, channel: string): Promise<LeaveResult> {
    return this.memberships.leave(connectionId, channel);
  }

  touch(connectionId: string, seenAt: number): Promise<void> {
    return this.records.touch(connectionId, seenAt);
  }

  connections(): AsyncIterable<readonly string[]> {
    return idsOf(this.recipients(null));
  }

  members(channel: string): AsyncIterable<readonly string[]> {
    return idsOf(this.recipients(channel));
  }

  override recipients(channel: string | null): AsyncIterable<readonly Recipient[]> {
    return channel === null ? this.recorded.recipients() : this.pointed.members(channel);
  }

  connectionsOfUser(userId: string): Promise<string[]> {
    return this.pointed.ofUser(userId);
  }

  staleBefore(instant: number): AsyncIterable<readonly string[]> {
    return this.recorded.staleBefore(instant);
  }

  channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    return this.recorded.channels();
  }

  countConnections(): Promise<number> {
    return this.recorded.count();
  }

  override broadcasts(): BroadcastLedger {
    return this.ledger;
  }

  override presence(): PresenceLedger {
    return this.presenceLedger;
  }

  override history(): ChannelHistory {
    return this.channelHistory;
  }

  override claims(): RequestClaims {
    return this.requestClaims;
  }

  override answers(): AnswerBox {
    return this.answerBox;
  }

  override close(): Promise<void> {
    return this.table.close();
  }
}

async function* idsOf(pages: AsyncIterable<readonly Recipient[]>): AsyncIterable<readonly string[]> {
  for await (const page of pages) yield page.map(({ connectionId }) => connectionId);
}
