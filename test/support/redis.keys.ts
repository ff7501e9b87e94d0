import { createClient } from '@redis/client';

export type TestRedisClient = ReturnType<typeof createTestClient>;

/** A client that is connected, for the test to destroy. */
export function connectTestClient(url: string): Promise<TestRedisClient> {
  return createTestClient(url).connect();
}

function createTestClient(url: string) {
  return createClient({ url });
}

/** The names of all keys, in order. */
export async function keysOf(client: TestRedisClient): Promise<string[]> {
  return (await client.keys('*')).toSorted();
}

/** All keys with their types. */
export async function typesOf(client: TestRedisClient): Promise<Record<string, string>> {
  const keys = await keysOf(client);
  const types = await Promise.all(keys.map((key) => client.type(key)));
  return Object.fromEntries(keys.map((key, index) => [key, types[index] ?? '']));
}

/** How long each key lives on, in milliseconds; -1 for one that has no expiry. */
export async function lifetimesOf(client: TestRedisClient): Promise<Record<string, number>> {
  const keys = await keysOf(client);
  const lifetimes = await Promise.all(keys.map((key) => client.pTTL(key)));
  return Object.fromEntries(keys.map((key, index) => [key, lifetimes[index] ?? -1]));
}

/** What is in each key: two answers are equal if, and only if, no value changed between them. */
export async function valuesOf(client: TestRedisClient): Promise<Record<string, unknown>> {
  const values = await Promise.all(
    Object.entries(await typesOf(client)).map(async ([key, type]) => [key, await valueOf(client, key, type)] as const),
  );
  return Object.fromEntries(values);
}

async function valueOf(client: TestRedisClient, key: string, type: string): Promise<unknown> {
  switch (type) {
    case 'hash':
      return { ...(await client.hGetAll(key)) };
    case 'set':
      return (await client.sMembers(key)).toSorted();
    case 'zset':
      return client.zRangeWithScores(key, 0, -1);
    default:
      return client.get(key);
  }
}
