import type { ConnectionStore } from '../contracts/connection.store.js';

/** What `WebSocketManager.getStats` answers. */
export interface WebSocketStats {
  readonly totalConnections: number;
  readonly totalChannels: number;
  /** How many connections are in each channel that has any. Has no prototype. */
  readonly channels: Readonly<Record<string, number>>;
}

/** Counts what is in the store. @throws StoreUnavailableError */
export async function readStats(store: ConnectionStore): Promise<WebSocketStats> {
  const channels = Object.create(null) as Record<string, number>;
  const count = async (): Promise<void> => {
    for await (const page of store.channels()) for (const { channel, members } of page) channels[channel] = members;
  };
  const [totalConnections] = await Promise.all([store.countConnections(), count()]);
  return { totalConnections, totalChannels: Object.keys(channels).length, channels };
}
