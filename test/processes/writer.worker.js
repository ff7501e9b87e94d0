// Writes to a store without end, and says of each operation when it starts and when it is done: whoever kills it learns what it was at.
import process from 'node:process';

const { kind, url, name, lanes, timeoutMs } = JSON.parse(process.argv[2]);
const store = await (kind === 'redis' ? openRedis() : openDynamoDb());

const STARTED = 's';
const DONE = 'd';

// Standard output is written at once, not when the process gets to it.
async function step(operation) {
  process.stdout.write(STARTED);
  await operation();
  process.stdout.write(DONE);
}

process.on('message', () => {
  for (let lane = 0; lane < lanes; lane++) void live(`${name}.${lane}`);
});
process.send('ready');

/** Connections that come, join, leave and end; every other one stays, as those of a crashed process do. */
async function live(lane) {
  for (let number = 0; ; number++) {
    const connectionId = `${lane}.${number}`;
    const connection = {
      connectionId,
      userId: `user${number % 3}`,
      routeKey: '$connect',
      channels: [],
      endpoint: null,
    };
    await step(() => store.add({ ...connection, connectedAt: Date.now() }));
    for (const channel of ['news', 'sport', 'film']) await step(() => store.join(connectionId, channel));
    await step(() => store.touch(connectionId, Date.now()));
    await step(() => store.leave(connectionId, 'sport'));
    if (number % 2 === 0) await step(() => store.remove(connectionId));
  }
}

async function openRedis() {
  const { createClient } = await import('@redis/client');
  const { RedisConnectionStore } = await import('../../dist/stores/redis/redis-connection.store.js');
  const client = createClient({ url });
  await client.connect();
  return new RedisConnectionStore(client, { timeoutMs });
}

async function openDynamoDb() {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { DynamoDbConnectionStore } = await import('../../dist/stores/dynamodb/dynamodb-connection.store.js');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint: url, region: 'eu-west-1', credentials });
  return new DynamoDbConnectionStore({ client, timeoutMs });
}
