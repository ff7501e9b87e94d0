import { createHash } from 'node:crypto';

export const CHANNELS = 100;
export const ENDPOINT = 'https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/production';

/** A connection id of API Gateway's shape: 15 characters that are spread evenly, and `=`. */
export const connectionId = (index) => `${createHash('sha1').update(String(index)).digest('base64').slice(0, 15)}=`;
export const userId = (index) => String(1_000_000 + index);
export const channelOf = (index) => `room-${index % CHANNELS}`;

export const connection = (index, connectedAt = Date.now()) => ({
  connectionId: connectionId(index),
  connectedAt,
  userId: userId(index),
  routeKey: '$connect',
  channels: [],
  endpoint: ENDPOINT,
});

/** Runs `task` for each index below `count`, `limit` of them at once. */
export async function forEachIndex(count, limit, task) {
  let next = 0;
  const work = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, work));
}

/** Connects the first `count` connections through a store, each in its channel. */
export function populate(store, count, onConnected = () => {}) {
  return forEachIndex(count, 256, async (index) => {
    const one = connection(index);
    await store.add(one);
    await store.join(one.connectionId, channelOf(index));
    await onConnected(index + 1);
  });
}
