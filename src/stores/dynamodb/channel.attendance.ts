import type { Clock } from '../../contracts/clock.js';
import { mapKey, type Fields } from './attribute.values.js';
import { isAlive, readRecord } from './connection.record.js';
import type { TableKeys } from './table.keys.js';
import type { TableRequests } from './table.requests.js';

/** What of a record tells whether its connection is in a channel. Reads the name `channel`. */
export const ATTENDANCE = '#sk, #removedAt, #expiresAt, #channels.#channel';

/** So many are asked for first, where one will do: few have more connections, and hardly ever are that many gone without a word. */
const ASKED_FIRST = 4;

/** Which connections are in a channel, by the records of each: the truth. */
export class ChannelAttendance {
  constructor(
    private readonly keys: TableKeys,
    private readonly clock: Clock,
  ) {}

  /** Some of the connections that exist and are in the channel: none only if none is. */
  async someOf(requests: TableRequests, channel: string, connectionIds: readonly string[]): Promise<Set<string>> {
    const some = await this.of(requests, channel, connectionIds.slice(0, ASKED_FIRST));
    return some.size > 0 ? some : this.of(requests, channel, connectionIds.slice(ASKED_FIRST));
  }

  /** Those of the connections that exist and are in the channel. */
  async of(requests: TableRequests, channel: string, connectionIds: Iterable<string>): Promise<Set<string>> {
    const keys = [...new Set(connectionIds)].map((connectionId) => this.keys.connection(connectionId));
    const found = await requests.getMany(keys, ATTENDANCE, { channel: mapKey(channel) });
    return new Set(found.filter((fields) => this.isIn(channel, fields)).map(({ sk }) => sk as string));
  }

  /** Whether a record is one of a connection that exists and is in the channel. */
  isIn(channel: string, fields: Fields): boolean {
    const record = readRecord(fields);
    // Asked for a channel that is not there, DynamoDB leaves out the whole attribute.
    return (
      isAlive(record, this.clock.now()) &&
      (record.channels as typeof record.channels | undefined)?.has(channel) === true
    );
  }
}
