import type { Clock } from '../../contracts/clock.js';
import type { Connection } from '../../contracts/connection.js';
import type { EnsureResult } from '../../contracts/connection.store.js';
import { TOMBSTONE_MS } from '../tombstone.js';
import {
  ALIVE,
  isAlive,
  isTombstone,
  newRecord,
  readRecord,
  RESTORABLE,
  tokenOf,
  VACANT,
  type ConnectionRecord,
} from './connection.record.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { GRACE_MS, secondsOf, TTL_SLACK_MS } from './lifetime.js';
import type { PointerItems } from './pointer.items.js';
import type { TableKeys } from './table.keys.js';
import type { ItemKey, TableRequests } from './table.requests.js';
import { randomToken } from '../random.token.js';

/**
 * The lives of connections. Each begins and ends with one conditional write of its record.
 *
 * When the answer to a write is lost, the SDK sends it again, and the second finds that its condition no longer holds. So each write leaves a
 * word of its own in the record, by which a refused caller learns whether it was refused by itself.
 */
export class ConnectionRecords {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly pointers: PointerItems,
    private readonly clock: Clock,
    private readonly lifetimeMs: number,
  ) {}

  async read(requests: TableRequests, connectionId: string): Promise<ConnectionRecord | undefined> {
    const fields = await requests.get(this.keys.connection(connectionId));
    return fields === undefined ? undefined : readRecord(fields);
  }

  add(connection: Connection): Promise<boolean> {
    const life = randomToken();
    return this.table.run(
      'add a connection',
      async (requests) => {
        await this.claimUser(requests, connection, life);
        for (;;) {
          if (await this.write(requests, connection, life, VACANT)) return true;
          const stored = await this.read(requests, connection.connectionId);
          if (stored?.life === life) return true;
          if (isAlive(stored, this.clock.now())) return false;
        }
      },
      async (requests, isAdded) => {
        if (!isAdded) await this.retractUser(requests, connection, life);
      },
    );
  }

  ensure(connection: Connection): Promise<EnsureResult> {
    const life = randomToken();
    let isClaimed = false;
    return this.table.run<EnsureResult>(
      'restore a connection',
      async (requests) => {
        for (;;) {
          const stored = await this.read(requests, connection.connectionId);
          if (stored?.life === life) return 'restored';
          if (isAlive(stored, this.clock.now())) return 'present';
          if (isTombstone(stored, this.clock.now())) return 'removed';
          isClaimed = true;
          await this.claimUser(requests, connection, life);
          if (await this.write(requests, connection, life, RESTORABLE)) return 'restored';
        }
      },
      async (requests, result) => {
        if (isClaimed && result !== 'restored') await this.retractUser(requests, connection, life);
      },
    );
  }

  /** Turns the record into a tombstone, which keeps what it was for the case that the answer gets lost. */
  remove(connectionId: string): Promise<ConnectionRecord | null> {
    const removal = randomToken();
    return this.table.run(
      'remove a connection',
      async (requests) => {
        const now = this.clock.now();
        const ttl = secondsOf(now + TOMBSTONE_MS + GRACE_MS);
        const before = await requests.update(this.keys.connection(connectionId), {
          update: 'SET #removedAt = :now, #removal = :removal, #ttl = :ttl',
          condition: ALIVE,
          values: { now, removal, ttl },
        });
        if (before !== null) return readRecord(before);
        const stored = await this.read(requests, connectionId);
        return stored?.removal === removal ? stored : null;
      },
      async (requests, record) => {
        if (record !== null) await this.retractAll(requests, connectionId, record);
      },
    );
  }

  touch(connectionId: string, seenAt: number): Promise<void> {
    return this.table.run('touch a connection', async (requests) => {
      for (;;) {
        const stored = await this.read(requests, connectionId);
        const now = this.clock.now();
        if (!isAlive(stored, now)) return;
        // First, for they have to outlast the record.
        await Promise.all(
          this.pointersTo(connectionId, stored).map(([key, token]) => this.pointers.claim(requests, key, token)),
        );
        const expiresAt = now + this.lifetimeMs;
        const touched = await requests.update(this.keys.connection(connectionId), {
          update: 'SET #seenAt = :seenAt, #expiresAt = :expiresAt, #ttl = :ttl',
          condition: `${ALIVE} AND #life = :life AND #seenAt <= :seenAt`,
          values: {
            now,
            life: stored.life,
            seenAt: Math.max(stored.seenAt, seenAt),
            expiresAt,
            ttl: secondsOf(expiresAt + TTL_SLACK_MS),
          },
        });
        if (touched !== null) return;
      }
    });
  }

  private write(requests: TableRequests, connection: Connection, life: string, condition: string): Promise<boolean> {
    const now = this.clock.now();
    const key = this.keys.connection(connection.connectionId);
    return requests.put({ ...newRecord(connection, life, now, this.lifetimeMs), ...key }, condition, {
      values: { now, tombstonesUntil: now - TOMBSTONE_MS },
    });
  }

  private async claimUser(requests: TableRequests, connection: Connection, life: string): Promise<void> {
    const { connectionId, userId } = connection;
    if (userId !== null) await this.pointers.claim(requests, { pk: this.keys.user(userId), sk: connectionId }, life);
  }

  private async retractUser(requests: TableRequests, connection: Connection, life: string): Promise<void> {
    const { connectionId, userId } = connection;
    if (userId !== null) await this.pointers.retract(requests, { pk: this.keys.user(userId), sk: connectionId }, life);
  }

  private async retractAll(requests: TableRequests, connectionId: string, record: ConnectionRecord): Promise<void> {
    await Promise.allSettled(
      this.pointersTo(connectionId, record).map(([key, token]) => this.pointers.retract(requests, key, token)),
    );
  }

  /** Everything that points at a connection, with the token of its claim. */
  private pointersTo(connectionId: string, { userId, life, channels }: ConnectionRecord): [ItemKey, string][] {
    const ofChannels = [...channels].map(([channel, entry]): [ItemKey, string] => [
      this.keys.member(channel, connectionId),
      tokenOf(entry),
    ]);
    return userId === undefined
      ? ofChannels
      : [[{ pk: this.keys.user(userId), sk: connectionId }, life], ...ofChannels];
  }
}
