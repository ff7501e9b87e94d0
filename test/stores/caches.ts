import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import type { Connection } from '../../src/index.js';
import { RemoteCache } from '../support/remote.cache.js';

/** The two kinds of cache that the store tells apart, by name. */
export const CACHES: readonly (readonly [name: string, create: () => Cache])[] = [
  ['an in-memory cache', () => createCache()],
  ['any other cache', () => remote()],
];

export function remote(server = new RemoteCache()): Cache {
  return createCache({ stores: [new Keyv({ store: server })] });
}

export function connection(connectionId: string, userId: string | null = null): Connection {
  return { connectionId, connectedAt: 1_767_225_600_000, userId, routeKey: '$connect', channels: [], endpoint: null };
}
