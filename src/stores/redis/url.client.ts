import type { RedisStoreClient } from './redis.client.js';
import type { RedisClientSource } from './redis.link.js';

/** What the store of a URL tells of its connection. */
export interface RedisUrlListener {
  /** Told at the first of the errors that come one after another while the connection is away. */
  readonly onLost: (error: unknown) => void;
  readonly onBack: () => void;
}

const PING_EVERY_MS = 3_000;
const SILENCE_MS = 10_000;

/** Whatever the cause: the client's own strategy gives up on a socket that was silent. */
function delayOfReconnect(retries: number): number {
  return Math.min(50 * 2 ** Math.min(retries, 6), 2_000) * (0.5 + Math.random() / 2);
}

/**
 * Makes a client of `@redis/client` for a URL. It connects at the first operation, connects again by itself whenever it has lost the connection, and is
 * closed with the store.
 *
 * @throws when `@redis/client` is not installed
 */
export async function redisAtUrl(url: string, { onLost, onBack }: RedisUrlListener): Promise<RedisClientSource> {
  const { createClient } = await import('@redis/client');
  const client = createClient({
    url,
    disableOfflineQueue: true,
    // A peer that vanished without a word would be noticed when TCP gives up, a quarter of an hour later.
    pingInterval: PING_EVERY_MS,
    socket: { socketTimeout: SILENCE_MS, reconnectStrategy: delayOfReconnect },
  });
  let isLost = false;
  let isClosed = false;
  client.on('error', (error) => {
    if (!isLost && !isClosed) onLost(error);
    isLost = true;
  });
  client.on('ready', () => {
    if (isLost) onBack();
    isLost = false;
  });
  return {
    client: (): RedisStoreClient => client,
    open: () => client.connect(),
    drop: () => {
      if (client.isOpen) client.destroy();
    },
    close: async () => {
      isClosed = true;
      if (client.isOpen) client.destroy();
    },
  };
}
