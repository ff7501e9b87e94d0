import type { RedisClient } from './redis.client.js';
import type { RedisClientSource } from './script.runner.js';

/** What the store of a URL tells of its connection. */
export interface RedisUrlListener {
  /** Told at the first of the errors that come one after another while the connection is away. */
  readonly onLost: (error: unknown) => void;
  readonly onBack: () => void;
}

/**
 * Makes a client of `@redis/client` for a URL. It connects at the first operation, connects again by itself whenever it has lost the connection, and is
 * closed with the store.
 *
 * @throws when `@redis/client` is not installed
 */
export async function redisAtUrl(url: string, { onLost, onBack }: RedisUrlListener): Promise<RedisClientSource> {
  const { createClient } = await import('@redis/client');
  const client = createClient({ url, disableOfflineQueue: true });
  let isLost = false;
  client.on('error', (error) => {
    if (!isLost) onLost(error);
    isLost = true;
  });
  client.on('ready', () => {
    if (isLost) onBack();
    isLost = false;
  });
  return {
    client: (): RedisClient => client,
    open: () => client.connect(),
    close: async () => {
      if (client.isOpen) client.destroy();
    },
  };
}
