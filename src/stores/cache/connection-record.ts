import type { Connection } from '../../contracts/connection.js';

/** A connection as it stands in a cache. */
export interface ConnectionRecord extends Connection {
  /** When it was last known to be alive (epoch ms), once that is later than `connectedAt`. */
  readonly seenAt?: number;
  /** From when on it counts as gone (epoch ms), whether or not the cache has dropped it. */
  readonly expiresAt?: number;
}

/** The record of `connectionId` in a value from the cache; `undefined` for whatever else stood under its key. */
export function readRecord(connectionId: string, value: unknown): ConnectionRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Partial<ConnectionRecord>;
  const isRecord =
    record.connectionId === connectionId && typeof record.connectedAt === 'number' && Array.isArray(record.channels);
  return isRecord ? (record as ConnectionRecord) : undefined;
}

/** The ids in a value from the cache; none for whatever else stood under the key. */
export function readIds(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
}

/** A record without what only the store needs. */
export function toConnection(record: ConnectionRecord): Connection {
  const { connectionId, connectedAt, userId, routeKey, channels, endpoint } = record;
  return { connectionId, connectedAt, userId, routeKey, channels, endpoint };
}
