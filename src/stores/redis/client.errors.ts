import type { RedisStoreClient } from './redis.client.js';

type ErrorListener = (error: unknown) => void;

/** Who is to hear of the errors of a client, and how the client tells them. */
interface Audience {
  readonly listeners: Set<ErrorListener>;
  readonly tell: ErrorListener;
}

const audiences = new WeakMap<RedisStoreClient, Audience>();

/**
 * Tells of the errors of a client. However many stores share it, it has one listener: with more than ten of them Node warns of a leak.
 *
 * @returns what ends that
 */
export function hearErrorsOf(client: RedisStoreClient, listener: ErrorListener): () => void {
  const audience = audiences.get(client) ?? gather(client);
  audience.listeners.add(listener);
  return () => {
    audience.listeners.delete(listener);
    if (audience.listeners.size > 0 || audiences.get(client) !== audience) return;
    audiences.delete(client);
    client.off('error', audience.tell);
  };
}

function gather(client: RedisStoreClient): Audience {
  const listeners = new Set<ErrorListener>();
  const tell: ErrorListener = (error) => {
    for (const listener of listeners) listener(error);
  };
  const audience = { listeners, tell };
  audiences.set(client, audience);
  client.on('error', tell);
  return audience;
}
