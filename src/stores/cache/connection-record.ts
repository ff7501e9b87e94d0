import type { Connection } from '../../contracts/connection.js';

/** A connection as it stands in a cache. */
export interface ConnectionRecord extends Connection {
  /** When it was last known to be alive (epoch ms), once that is later than `connectedAt`. */
  readonly seenAt?: number;
  /** From when on it counts as gone (epoch ms), whether or not the cache has dropped it. */
  readonly expiresAt?: number;
}

/**
 * The record of `connectionId` in a value from the cache; `undefined` for whatever else stood under its key. Another version or another
 * application may have written it, so what it lacks, or has of the wrong type, is replaced.
 */
export function readRecord(connectionId: string, value: unknown): ConnectionRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as { readonly [Field in keyof ConnectionRecord]?: unknown };
  const { connectedAt, userId, routeKey, channels, endpoint, seenAt, expiresAt } = record;
  if (record.connectionId !== connectionId || typeof connectedAt !== 'number') return undefined;
  return {
    connectionId,
    connectedAt,
    userId: typeof userId === 'string' || typeof userId === 'number' ? String(userId) : null,
    routeKey: typeof routeKey === 'string' ? routeKey : '$connect',
    channels: readIds(channels),
    endpoint: typeof endpoint === 'string' ? endpoint : null,
    ...(typeof seenAt === 'number' && { seenAt }),
    ...(typeof expiresAt === 'number' && { expiresAt }),
  };
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

/** Whether a connection belongs on a list, by its record. Without a record it belongs on none. */
export type Criterion = (stored: ConnectionRecord | undefined) => boolean;

export const isAlive: Criterion = (stored) => stored !== undefined;

export function isIn(channel: string): Criterion {
  return (stored) => stored?.channels.includes(channel) === true;
}

export function isOf(userId: string): Criterion {
  return (stored) => stored?.userId === userId;
}

/** `-Infinity` without a record: the sweep is to take such an id off the lists. */
export function seenAtOf(stored: ConnectionRecord | undefined): number {
  return stored === undefined ? -Infinity : (stored.seenAt ?? stored.connectedAt);
}
