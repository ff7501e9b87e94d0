import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { DeleteTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoDbConnectionStore, StoreUnavailableError, type ConnectionStore } from '../../src/index.js';
import { createConnectionsTable } from '../../src/stores/dynamodb/connections.table.js';
import { collect } from '../contract/store.harness.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { ManualClock } from '../support/manual.clock.js';

const TIMEOUT_MS = 3_000;

const connection = {
  connectionId: 'a',
  connectedAt: 1,
  userId: 'ada',
  routeKey: '$connect',
  channels: [],
  endpoint: null,
};

/** Every operation that asks the table. */
const operations: Record<string, (store: ConnectionStore) => Promise<unknown>> = {
  add: (store) => store.add(connection),
  ensure: (store) => store.ensure(connection),
  remove: (store) => store.remove('a'),
  findMany: (store) => store.findMany(['a']),
  join: (store) => store.join('a', 'news'),
  'join with a limit': (store) => store.join('a', 'news', { maxMembers: 1 }),
  leave: (store) => store.leave('a', 'news'),
  touch: (store) => store.touch('a', 1),
  connections: (store) => collect(store.connections()),
  members: (store) => collect(store.members('news')),
  connectionsOfUser: (store) => store.connectionsOfUser('ada'),
  staleBefore: (store) => collect(store.staleBefore(1)),
  channels: (store) => collect(store.channels()),
  countConnections: (store) => store.countConnections(),
  ping: (store) => store.ping(),
};

const each = Object.entries(operations).map(([name, run]) => ({ name, run }));

describe('a DynamoDB that is away', () => {
  let server: DynamoDbServer;
  let silent: Server;
  let clients: DynamoDBClient[];

  beforeEach(async () => {
    silent = createServer();
    clients = [];
    server = await DynamoDbServer.start();
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    silent.close();
    await server.kill();
  });

  const opened = (client: DynamoDBClient): DynamoDBClient => {
    clients.push(client);
    return client;
  };

  /** A client that gives up at the first failure. */
  const client = (): DynamoDBClient => opened(server.client({ maxAttempts: 1 }));

  it.each(each)('fails $name when it refuses connections', async ({ run }) => {
    await server.kill();
    const store = new DynamoDbConnectionStore({ client: client() });
    await expect(run(store)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(run(store)).rejects.toHaveProperty('cause.message', expect.stringContaining('ECONNREFUSED'));
  });

  it.each(each)('fails $name, and says what to do, when there is no table', async ({ run }) => {
    const store = new DynamoDbConnectionStore({ client: client(), tableName: 'Nowhere' });
    await expect(run(store)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(run(store)).rejects.toThrow(/create the DynamoDB table "Nowhere" .*, then try again\.$/);
  });

  it('fails in time when it takes requests and answers none, and sends nothing afterwards', async () => {
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    for (const { name, run } of each) {
      const clock = new ManualClock();
      const store = new DynamoDbConnectionStore({
        client: opened(server.client({ endpoint })),
        timeoutMs: TIMEOUT_MS,
        clock,
      });
      const closed: Promise<unknown>[] = [];
      silent.on('connection', (socket: Socket) => {
        socket.resume().on('error', () => undefined);
        closed.push(new Promise((resolve) => socket.once('close', resolve)));
      });
      const asked = once(silent, 'connection');
      const answer = run(store).then(
        () => 'an answer',
        (error: unknown) => error,
      );
      await asked;
      await clock.advance(TIMEOUT_MS);
      const error = await answer;
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect((error as Error).cause).toMatchObject({ name: 'TimeoutError' });
      // The request was taken back, and the client does not try again.
      await Promise.all(closed);
      expect({ name, pending: clock.pending }).toEqual({ name, pending: 0 });
      silent.removeAllListeners('connection');
    }
  });

  it('fails in time when the credentials do not come', async () => {
    const clock = new ManualClock();
    let isAsked!: () => void;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    let give!: () => void;
    const credentials = () =>
      new Promise<{ accessKeyId: string; secretAccessKey: string }>((resolve) => {
        give = () => resolve({ accessKeyId: 'late', secretAccessKey: 'late' });
        isAsked();
      });
    await createConnectionsTable(client());
    const store = new DynamoDbConnectionStore({ client: opened(server.client({ credentials })), clock });
    const adding = expect(store.add(connection)).rejects.toThrow('failed to add');
    await asked;
    await clock.advance(TIMEOUT_MS);
    await adding;
    give();
    await setImmediate();
    // What was not sent in time is never sent.
    const other = new DynamoDbConnectionStore({ client: client(), clock });
    await expect(other.findMany(['a'])).resolves.toEqual([null]);
  });

  it('works again when it is back, with the same client', async () => {
    await createConnectionsTable(client());
    const store = new DynamoDbConnectionStore({ client: opened(server.client()) });
    await store.add(connection);
    await server.kill();
    await expect(store.findMany(['a'])).rejects.toThrow(StoreUnavailableError);
    await server.restart();
    await expect(store.ping()).rejects.toThrow('create the DynamoDB table "WebSocketConnections"');
    await createConnectionsTable(client());
    await expect(store.ping()).resolves.toBeUndefined();
    // The table came back empty: the connection's next message registers it.
    await expect(store.ensure(connection)).resolves.toBe('restored');
    await expect(store.connectionsOfUser('ada')).resolves.toEqual(['a']);
  });

  it('fails no removal whose record is a tombstone already: the caller is the one who learns of it', async () => {
    const line = client();
    await createConnectionsTable(line);
    const clock = new ManualClock();
    const store = new DynamoDbConnectionStore({ client: line, clock });
    await store.add(connection);
    await store.join('a', 'news');
    let isTidying!: () => void;
    const tidying = new Promise<void>((resolve) => (isTidying = resolve));
    line.middlewareStack.add(
      (next, { commandName }) =>
        (request) => {
          if (commandName !== 'DeleteItemCommand') return next(request);
          isTidying();
          return new Promise(() => undefined);
        },
      { step: 'initialize' },
    );
    const removing = store.remove('a');
    await tidying;
    await clock.advance(TIMEOUT_MS);
    await expect(removing).resolves.toEqual({ ...connection, channels: ['news'] });
    await expect(collect(store.members('news'))).resolves.toEqual([]);
  });

  it('is told apart from a table that the process may not use', async () => {
    const line = client();
    line.middlewareStack.add(
      () => () => Promise.reject(Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' })),
      { step: 'initialize' },
    );
    const store = new DynamoDbConnectionStore({ client: line });
    await expect(store.countConnections()).rejects.toThrow(/allow this process dynamodb:BatchGetItem/);
  });
});

describe('the client of a store', () => {
  let server: DynamoDbServer;

  beforeEach(async () => {
    server = await DynamoDbServer.start();
    const client = server.client();
    await createConnectionsTable(client);
    client.destroy();
  });
  afterEach(() => server.kill());

  /** A client that counts how often it is destroyed. */
  const countingClient = (): { client: DynamoDBClient; destroyed: () => number } => {
    const client = server.client();
    let count = 0;
    const destroy = client.destroy.bind(client);
    client.destroy = () => {
      count++;
      destroy();
    };
    return { client, destroyed: () => count };
  };

  it('stays open when it was given', async () => {
    const { client, destroyed } = countingClient();
    const store = new DynamoDbConnectionStore({ client });
    await store.ping();
    await store.close();
    expect(destroyed()).toBe(0);
    client.destroy();
  });

  it('is made at the first operation and once, and destroyed when it was made for the store', async () => {
    const { client, destroyed } = countingClient();
    let made = 0;
    const store = new DynamoDbConnectionStore({
      client: async () => {
        made++;
        return client;
      },
    });
    expect(made).toBe(0);
    await Promise.all([store.ping(), store.countConnections(), store.ping()]);
    expect(made).toBe(1);
    await store.close();
    await store.close();
    expect(destroyed()).toBe(1);
  });

  it('is not made by closing a store that was never used', async () => {
    let made = 0;
    const store = new DynamoDbConnectionStore({
      client: () => {
        made++;
        return server.client();
      },
    });
    await store.close();
    expect(made).toBe(0);
  });

  it('is asked for again when it could not be made', async () => {
    const { client } = countingClient();
    let attempts = 0;
    const store = new DynamoDbConnectionStore({
      client: () => {
        if (attempts++ === 0) throw new Error('no region');
        return client;
      },
    });
    await expect(store.ping()).rejects.toHaveProperty('cause.message', 'no region');
    await expect(store.ping()).resolves.toBeUndefined();
    await store.close();
  });

  it('loses its table, and the next request says so', async () => {
    const { client } = countingClient();
    const store = new DynamoDbConnectionStore({ client });
    await store.ping();
    await client.send(new DeleteTableCommand({ TableName: 'WebSocketConnections' }));
    await expect(store.ping()).rejects.toThrow('create the DynamoDB table "WebSocketConnections"');
    client.destroy();
  });
});
