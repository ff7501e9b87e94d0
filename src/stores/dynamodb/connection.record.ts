import type { Connection } from '../../contracts/connection.js';
import type { Recipient } from '../../contracts/connection.store.js';
import { TOMBSTONE_MS } from '../tombstone.js';
import type { Fields, Value } from './attribute.values.js';
import { secondsOf, TTL_SLACK_MS } from './lifetime.js';

/** A connection as it stands in the table. */
export interface ConnectionRecord {
  readonly connectedAt: number;
  readonly userId?: string;
  readonly routeKey: string;
  readonly endpoint?: string;
  /** The channels it is in, each with an {@link entryOf entry}. */
  readonly channels: ReadonlyMap<string, string>;
  /** When it was last known to be alive (epoch ms). */
  readonly seenAt: number;
  /** From when on it counts as gone (epoch ms), whether or not DynamoDB has deleted it. */
  readonly expiresAt: number;
  /** Made up at the registration: tells this life of the id from those before and after it. */
  readonly life: string;
  /** When it was removed (epoch ms): the record has become a tombstone. */
  readonly removedAt?: number;
  /** Which call removed it. */
  readonly removal?: string;
  /** Which call took it out of a channel last. */
  readonly departure?: string;
}

/** Holds for a record of a connection that exists. Reads the value `now`. */
export const ALIVE = 'attribute_not_exists(#removedAt) AND #expiresAt > :now';

/** Holds where a connection may be added: there is no record, or a dead one. Reads the value `now`. */
export const VACANT = 'attribute_not_exists(#pk) OR attribute_exists(#removedAt) OR #expiresAt <= :now';

/** Holds where a connection may be restored: there is no record, an expired one, or an old tombstone. Reads `now` and `tombstonesUntil`. */
export const RESTORABLE =
  'attribute_not_exists(#pk) OR #removedAt <= :tombstonesUntil OR (attribute_not_exists(#removedAt) AND #expiresAt <= :now)';

/** The fields of the record of a connection that is being registered. */
export function newRecord(
  connection: Connection,
  life: string,
  now: number,
  lifetimeMs: number,
): ConnectionRecord & Fields {
  const { connectedAt, userId, routeKey, endpoint } = connection;
  const expiresAt = now + lifetimeMs;
  return {
    connectedAt,
    routeKey,
    channels: new Map(),
    seenAt: connectedAt,
    expiresAt,
    ttl: secondsOf(expiresAt + TTL_SLACK_MS),
    life,
    ...(userId !== null && { userId }),
    ...(endpoint !== null && { endpoint }),
  };
}

export function readRecord(fields: Fields): ConnectionRecord {
  return fields as { readonly [name: string]: Value } & ConnectionRecord;
}

export function isAlive(record: ConnectionRecord | undefined, now: number): record is ConnectionRecord {
  return record !== undefined && record.removedAt === undefined && record.expiresAt > now;
}

/** Whether the connection was removed within the last minute. */
export function isTombstone(record: ConnectionRecord | undefined, now: number): boolean {
  return record?.removedAt !== undefined && record.removedAt > now - TOMBSTONE_MS;
}

export function toRecipient(connectionId: string, record: ConnectionRecord): Recipient {
  const { connectedAt, endpoint = null } = record;
  return { connectionId, connectedAt, endpoint };
}

export function toConnection(connectionId: string, record: ConnectionRecord): Connection {
  const { connectedAt, userId = null, routeKey, endpoint = null } = record;
  return { connectionId, connectedAt, userId, routeKey, channels: channelsOf(record), endpoint };
}

/** What a record says of a channel: the how-manieth join it was, and the token by which the channel points back. */
export function entryOf(record: ConnectionRecord, token: string): string {
  const order = Math.max(0, ...[...record.channels.values()].map(orderOf)) + 1;
  return `${order}.${token}`;
}

export function tokenOf(entry: string): string {
  return entry.slice(entry.indexOf('.') + 1);
}

/** The channels in the order in which they were joined. Those that were joined at the same moment have the same number. */
function channelsOf({ channels }: ConnectionRecord): string[] {
  return [...channels].sort(([, one], [, other]) => orderOf(one) - orderOf(other)).map(([channel]) => channel);
}

function orderOf(entry: string): number {
  return Number.parseInt(entry, 10);
}
