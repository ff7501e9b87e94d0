import type { Clock } from '../../contracts/clock.js';
import type { JoinLimits, JoinResult, LeaveResult } from '../../contracts/connection.store.js';
import { mapKey } from './attribute.values.js';
import { ALIVE, entryOf, isAlive, readRecord, tokenOf, type ConnectionRecord } from './connection.record.js';
import type { ConnectionRecords } from './connection.records.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import type { PointerItems } from './pointer.items.js';
import type { SeatReservations } from './seat.reservations.js';
import type { TableKeys } from './table.keys.js';
import type { TableRequests } from './table.requests.js';
import { randomToken } from '../random.token.js';

/** Which channels connections are in: each joins and leaves with one conditional write of the connection's record. */
export class ChannelMemberships {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly records: ConnectionRecords,
    private readonly pointers: PointerItems,
    private readonly seats: SeatReservations,
    private readonly clock: Clock,
  ) {}

  join(connectionId: string, channel: string, { maxMembers, maxChannels }: JoinLimits): Promise<JoinResult> {
    const token = randomToken();
    const pointer = this.keys.member(channel, connectionId);
    let isClaimed = false;
    let seat: string | null = null;
    return this.table.run<JoinResult>(
      'join a channel',
      async (requests) => {
        let stored = await this.records.read(requests, connectionId);
        for (;;) {
          if (!isAlive(stored, this.clock.now())) return 'unknown-connection';
          const entry = stored.channels.get(channel);
          // Its own entry, if the answer to the write was lost.
          if (entry !== undefined) return tokenOf(entry) === token ? 'joined' : 'already';
          if (maxChannels !== undefined && stored.channels.size >= maxChannels) return 'limit';
          if (maxMembers !== undefined && seat === null) {
            seat = await this.seats.take(channel, connectionId, maxMembers, requests.signal);
            if (seat === null) return 'full';
          }
          if (!isClaimed) {
            isClaimed = true;
            await this.pointers.claim(requests, pointer, token);
          }
          if (await this.enter(requests, connectionId, stored, channel, token, maxChannels)) return 'joined';
          stored = await this.records.read(requests, connectionId);
        }
      },
      async (requests, result) => {
        await Promise.allSettled([
          ...(isClaimed && result !== 'joined' ? [this.pointers.retract(requests, pointer, token)] : []),
          ...(seat !== null ? [this.seats.giveBack(requests, channel, connectionId, seat)] : []),
        ]);
      },
    );
  }

  leave(connectionId: string, channel: string): Promise<LeaveResult> {
    const departure = randomToken();
    let entry: string | undefined;
    return this.table.run<LeaveResult>(
      'leave a channel',
      async (requests) => {
        for (;;) {
          const now = this.clock.now();
          const before = await requests.update(this.keys.connection(connectionId), {
            update: 'SET #departure = :departure REMOVE #channels.#channel',
            condition: `${ALIVE} AND attribute_exists(#channels.#channel)`,
            names: { channel: mapKey(channel) },
            values: { now, departure },
          });
          if (before !== null) {
            entry = readRecord(before).channels.get(channel);
            return 'left';
          }
          const stored = await this.records.read(requests, connectionId);
          if (stored?.departure === departure) return 'left';
          if (!isAlive(stored, now)) return 'unknown-connection';
          if (!stored.channels.has(channel)) return 'not-a-member';
        }
      },
      async (requests) => {
        if (entry === undefined) return;
        await this.pointers.retract(requests, this.keys.member(channel, connectionId), tokenOf(entry));
      },
    );
  }

  /** Writes the channel into the record, unless the connection has ended or joined meanwhile, or is in too many. */
  private async enter(
    requests: TableRequests,
    connectionId: string,
    stored: ConnectionRecord,
    channel: string,
    token: string,
    maxChannels: number | undefined,
  ): Promise<boolean> {
    const isFree = 'attribute_not_exists(#channels.#channel)';
    const limit = maxChannels === undefined ? '' : ' AND size(#channels) < :maxChannels';
    const before = await requests.update(this.keys.connection(connectionId), {
      update: 'SET #channels.#channel = :entry',
      condition: `${ALIVE} AND #life = :life AND ${isFree}${limit}`,
      names: { channel: mapKey(channel) },
      values: { now: this.clock.now(), life: stored.life, entry: entryOf(stored, token), maxChannels },
    });
    return before !== null;
  }
}
