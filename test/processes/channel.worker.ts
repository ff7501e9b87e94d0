// Joins channels and enters presence, on demand and at random, until it is told to stop or killed.
import process from 'node:process';
import type { ConnectionStore } from '../../src/contracts/connection.store.js';

interface Settings {
  readonly kind: 'redis' | 'dynamodb';
  readonly url: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly members: readonly string[];
  readonly channels: readonly string[];
  readonly lanes: number;
}

/** Everybody joins the channel at once; or everybody comes and goes; or that ends. */
type Order = { readonly rush: string; readonly clients: number; readonly maxMembers: number } | 'begin' | 'stop';

const settings = JSON.parse(process.argv[2] ?? '') as Settings;
const { name, members, channels, lanes } = settings;
const store = await (settings.kind === 'redis' ? openRedis() : openDynamoDb());
const presence = store.presence();
if (presence === null) throw new Error('This store has no place for presence.');

/** `[channel, connection id, member]` of those that are present by this process. */
const entered = new Map<string, readonly [string, string, string]>();
let isStopped = false;
let work: Promise<unknown> = Promise.resolve();

process.on('message', (order: Order) => void obey(order));
process.send?.('ready');

async function obey(order: Order): Promise<void> {
  if (order === 'begin') {
    work = Promise.all(Array.from({ length: lanes }, (_, lane) => live(lane)));
  } else if (order === 'stop') {
    isStopped = true;
    await work;
    process.send?.([...entered.values()]);
  } else process.send?.(await rush(order.rush, order.clients, order.maxMembers));
}

async function rush(channel: string, clients: number, maxMembers: number): Promise<string[]> {
  const ids = Array.from({ length: clients }, (_, number) => `${name}.${channel}.${number}`);
  await Promise.all(ids.map(add));
  return Promise.all(
    ids.map(async (id) => {
      const joined = await store.join(id, channel, { maxMembers });
      return `${joined} ${await presence?.enter(channel, id, { memberId: id, info: '{}' })}`;
    }),
  );
}

async function live(lane: number): Promise<void> {
  for (let number = 0; !isStopped; number++) {
    const id = `${name}.${lane}.${number}`;
    const memberId = one(members);
    await add(id);
    for (const channel of channels) {
      await store.join(id, channel);
      entered.set(`${channel} ${id}`, [channel, id, memberId]);
      await presence?.enter(channel, id, { memberId, info: JSON.stringify({ id }) });
      process.stdout.write('.');
      if (Math.random() < 0.4) {
        await store.leave(id, channel);
        await exit(channel, id, memberId);
      }
    }
    // Some stay.
    if (Math.random() < 0.1) continue;
    await store.remove(id);
    for (const channel of channels) await exit(channel, id, memberId);
  }
}

async function exit(channel: string, id: string, memberId: string): Promise<void> {
  await presence?.exit(channel, id, memberId);
  entered.delete(`${channel} ${id}`);
}

function add(connectionId: string): Promise<boolean> {
  const connectedAt = Date.now();
  return store.add({ connectionId, connectedAt, userId: null, routeKey: '$connect', channels: [], endpoint: null });
}

function one<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}

async function openRedis(): Promise<ConnectionStore> {
  const { createClient } = await import('@redis/client');
  const { RedisConnectionStore } = await import('../../src/stores/redis/redis-connection.store.js');
  const client = createClient({ url: settings.url });
  await client.connect();
  return new RedisConnectionStore(client, { timeoutMs: settings.timeoutMs });
}

async function openDynamoDb(): Promise<ConnectionStore> {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { DynamoDbConnectionStore } = await import('../../src/stores/dynamodb/dynamodb-connection.store.js');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint: settings.url, region: 'eu-west-1', credentials });
  return new DynamoDbConnectionStore({ client, timeoutMs: settings.timeoutMs });
}
