const DAY_MS = 86_400_000;
const LIST = 'websocket:connections';

/** What laravel-bref/websocket keeps of connections, and how it changes it, on a cache-manager cache: get, change, set. */
export class ArrayLayout {
  constructor(cache) {
    this.cache = cache;
  }

  async connect({ connectionId, connectedAt, userId }) {
    const ids = (await this.cache.get(LIST)) ?? [];
    if (!ids.includes(connectionId)) ids.push(connectionId);
    await this.cache.set(LIST, ids, DAY_MS);
    const record = { connectionId, connectedAt, userId, routeKey: '$connect' };
    await this.cache.set(`websocket:connection:${connectionId}`, record, DAY_MS);
  }

  async disconnect(connectionId) {
    await this.cache.del(`websocket:connection:${connectionId}`);
    const ids = (await this.cache.get(LIST)) ?? [];
    await this.cache.set(
      LIST,
      ids.filter((id) => id !== connectionId),
      DAY_MS,
    );
  }

  /** Puts the list there as so many connects would leave it. */
  async list(connectionIds) {
    await this.cache.set(LIST, connectionIds, DAY_MS);
  }
}
