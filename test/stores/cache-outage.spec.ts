import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CacheModule } from '@nestjs/cache-manager';
import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheConnectionStore, StoreUnavailableError, type Connection } from '../../src/index.js';
import { failing, type Failure } from '../contract/wire.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, message } from '../support/events.js';
import { EventRecorder } from '../support/recorder.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { expectOutage, expectRecovery } from '../support/outage.js';
import { RemoteCache, type OutageManner } from '../support/remote.cache.js';

const id = 'AAAAAAAAAAAAAAA=';

function connection(connectionId: string): Connection {
  return { connectionId, connectedAt: 1, userId: 'ada', routeKey: '$connect', channels: [], endpoint: null };
}

const situations = (['throws', 'emits', 'refuses'] satisfies OutageManner[]).flatMap((manner) =>
  [false, true].flatMap((throwOnErrors) =>
    [false, true].map((isTiered) => ({ manner, throwOnErrors, isTiered }) as const),
  ),
);

function cacheOver(server: RemoteCache, options: { throwOnErrors: boolean; isTiered: boolean }): Cache {
  const { throwOnErrors, isTiered } = options;
  const keyv = new Keyv({ store: server, throwOnErrors });
  return createCache({ stores: isTiered ? [new Keyv(), keyv] : [keyv] });
}

async function drain(pages: AsyncIterable<readonly unknown[]>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

describe.each(situations)(
  'a cache that $manner while it is away (throwOnErrors: $throwOnErrors, tiered: $isTiered)',
  (situation) => {
    let server: RemoteCache;
    let store: CacheConnectionStore;

    beforeEach(async () => {
      server = new RemoteCache();
      store = new CacheConnectionStore(cacheOver(server, situation));
      await store.add(connection(id));
      await store.join(id, 'news');
    });

    // With a tier of memory in front of the server, reads may be answered from there, and rightly so.
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      findMany: () => store.findMany([id]),
      connections: () => drain(store.connections()),
      members: () => drain(store.members('news')),
      connectionsOfUser: () => store.connectionsOfUser('ada'),
      staleBefore: () => drain(store.staleBefore(2)),
      channels: () => drain(store.channels()),
      countConnections: () => store.countConnections(),
    };
    const writes: Readonly<Record<string, () => Promise<unknown>>> = {
      add: () => store.add(connection('other')),
      ensure: () => store.ensure(connection('other')),
      remove: () => store.remove(id),
      join: () => store.join(id, 'sport'),
      leave: () => store.leave(id, 'news'),
      touch: () => store.touch(id, 2),
    };

    it.each(Object.entries(writes))(
      'makes %s reject, with the cause, and succeed once it is back',
      async (_, write) => {
        server.outage = situation.manner;
        const error: unknown = await write().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(StoreUnavailableError);
        expect(error).toMatchObject({ code: 'WEBSOCKET_STORE_UNAVAILABLE', cause: expect.any(Error) });
        server.outage = null;
        await expect(write()).resolves.not.toBeNull();
      },
    );

    it.each(Object.entries(reads))('never makes %s answer that there is nothing', async (_, read) => {
      const before = await read();
      server.outage = situation.manner;
      if (situation.isTiered) await expect(read()).resolves.toEqual(before);
      else await expect(read()).rejects.toBeInstanceOf(StoreUnavailableError);
      server.outage = null;
      await expect(read()).resolves.toEqual(before);
    });

    it('never makes a stranger out of somebody: what no tier has is not known either', async () => {
      server.outage = situation.manner;
      await expect(store.findMany(['other'])).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(store.connectionsOfUser('eve')).rejects.toBeInstanceOf(StoreUnavailableError);
    });

    it('shows nothing of what failed', async () => {
      server.outage = situation.manner;
      for (const write of Object.values(writes)) await expect(write()).rejects.toBeInstanceOf(StoreUnavailableError);
      server.outage = null;
      await expect(drain(store.connections())).resolves.toEqual([id]);
      await expect(store.connectionsOfUser('ada')).resolves.toEqual([id]);
      await expect(drain(store.channels())).resolves.toEqual([{ channel: 'news', members: 1 }]);
      await expect(store.findMany([id])).resolves.toMatchObject([{ channels: ['news'] }]);
    });

    it('does not disturb operations that come after it with its last error', async () => {
      server.outage = situation.manner;
      await expect(store.add(connection('other'))).rejects.toBeInstanceOf(StoreUnavailableError);
      server.outage = null;
      await expect(store.add(connection(id))).resolves.toBe(false);
      await expect(store.remove('nobody')).resolves.toBeNull();
      await expect(store.join(id, 'news')).resolves.toBe('already');
    });
  },
);

describe('a cache across a network that fails once the record is written', () => {
  const newStore = () => {
    const server = new RemoteCache();
    return { server, store: new CacheConnectionStore(createCache({ stores: [new Keyv({ store: server })] })) };
  };
  const isList = (request: string) => /:(?:connections|channels|channels:news|users:ada)$/.test(request);

  it('gives a removed connection to its remover though it stays on lists, which readers see through', async () => {
    const { server, store } = newStore();
    await store.add(connection(id));
    await store.join(id, 'news');
    server.wire.intercept(failing((request) => (isList(request) ? 'unreached' : null)));
    await expect(store.remove(id)).resolves.toMatchObject({ connectionId: id, channels: ['news'] });
    server.wire.intercept(null);
    expect(server.values.get('keyv:websocket:connections')).toContain(id);
    await expect(drain(store.connections())).resolves.toEqual([]);
    await expect(drain(store.members('news'))).resolves.toEqual([]);
    await expect(drain(store.channels())).resolves.toEqual([]);
    await expect(store.connectionsOfUser('ada')).resolves.toEqual([]);
  });

  it('has left a channel once the record says so', async () => {
    const { server, store } = newStore();
    await store.add(connection(id));
    await store.join(id, 'news');
    server.wire.intercept(failing((request) => (isList(request) ? 'unreached' : null)));
    await expect(store.leave(id, 'news')).resolves.toBe('left');
    server.wire.intercept(null);
    await expect(drain(store.members('news'))).resolves.toEqual([]);
  });
});

describe('an in-memory cache that fails', () => {
  it('rejects changes while it does, keeps nobody whom it refused, and catches up with the next one', async () => {
    let isFailing = false;
    const serialize = (value: unknown): string => {
      if (isFailing) throw new Error('This value cannot be written.');
      return JSON.stringify(value);
    };
    const cache = createCache({ stores: [new Keyv({ store: new Map(), serialize })] });
    const store = new CacheConnectionStore(cache);
    await store.add(connection('a'));
    isFailing = true;
    await expect(store.add(connection('b'))).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.join('a', 'news')).rejects.toBeInstanceOf(StoreUnavailableError);
    isFailing = false;
    await expect(drain(store.connections())).resolves.toEqual(['a']);
    await store.add(connection('c'));
    await expect(cache.get('websocket:connections')).resolves.toEqual(['a', 'c']);
    await expect(cache.get('websocket:connection:b')).resolves.toBeUndefined();
    await expect(cache.get('websocket:connection:c')).resolves.toMatchObject({ connectionId: 'c' });
    await expect(cache.get('websocket:channels:news')).resolves.toEqual(['a']);
  });

  it('tells what changes nothing no more of a failure that is over', async () => {
    let isFailing = true;
    const serialize = (value: unknown): string => {
      if (isFailing) throw new Error('This value cannot be written.');
      return JSON.stringify(value);
    };
    const store = new CacheConnectionStore(createCache({ stores: [new Keyv({ store: new Map(), serialize })] }));
    await expect(store.add(connection('a'))).rejects.toBeInstanceOf(StoreUnavailableError);
    isFailing = false;
    await expect(store.remove('nobody')).resolves.toBeNull();
    await expect(store.remove('nobody')).resolves.toBeNull();
  });
});

describe('an application whose cache is away', () => {
  afterEach(stopApplications);
  afterEach(stopManagementApis);

  const subject = { connectionId: id, userId: '42', channel: 'news' };

  const start = async () => {
    const server = new RemoteCache();
    const stores = [new Keyv({ store: server })];
    const api = await ManagementApiServer.start();
    const { manager, get } = await startApplication({
      options: { apiGatewayEndpoint: api.endpoint(), credentials: testCredentials },
      importsBefore: [CacheModule.register({ isGlobal: true, stores })],
      providers: [EventRecorder],
    });
    return { server, manager, recorder: get(EventRecorder) };
  };

  const manners = ['throws', 'emits', 'refuses'] satisfies OutageManner[];

  it.each(manners)(
    'gets a StoreUnavailableError from every call while it %s, and answers afterwards',
    async (manner) => {
      const { server, manager, recorder } = await start();
      await manager.handle(connect(subject));
      await manager.joinChannel(id, subject.channel);
      const heard = [...recorder.order];
      server.outage = manner;
      await expectOutage(manager, subject, 2_000);
      expect(recorder.order).toEqual(heard);
      server.outage = null;
      // Nothing of what was refused has happened.
      expect(await manager.getStats()).toEqual({ totalConnections: 1, totalChannels: 1, channels: { news: 1 } });
      expect(recorder.disconnected).toEqual([]);
      await expectRecovery(manager, subject);
    },
  );

  it('answers every event with 503, fires nothing, and works again afterwards', async () => {
    const { server, manager, recorder } = await start();
    const events = [connect({ connectionId: id }), message(id, { text: 'hello' }), disconnect(id)];
    for (const manner of manners) {
      server.outage = manner;
      for (const event of events) {
        await expect(manager.handle(event)).resolves.toEqual({
          statusCode: 503,
          body: '{"error":"Service unavailable"}',
        });
      }
    }
    expect(recorder.order).toEqual([]);
    server.outage = null;
    for (const event of events) await expect(manager.handle(event)).resolves.toMatchObject({ statusCode: 200 });
    expect(recorder.order).toEqual([`connected ${id}`, `message ${id}`, `disconnected ${id}`]);
  });

  it('keeps no trace of a $connect whose record was written but never confirmed', async () => {
    const { server, manager, recorder } = await start();
    server.wire.intercept(failing((request) => (/^set .*connection:A+=$/.test(request) ? 'unanswered' : null)));
    await expect(manager.handle(connect({ connectionId: id }))).resolves.toMatchObject({ statusCode: 503 });
    server.wire.intercept(null);
    await expect(manager.getAllConnections()).resolves.toEqual([]);
    await expect(manager.connectionExists(id)).resolves.toBe(false);
    expect(recorder.order).toEqual([]);
  });

  it('stays connected through an outage at its $disconnect, and can be ended afterwards', async () => {
    const { server, manager, recorder } = await start();
    await manager.handle(connect({ connectionId: id, userId: 42 }));
    server.outage = 'emits';
    await expect(manager.handle(disconnect(id))).resolves.toMatchObject({ statusCode: 503 });
    server.outage = null;
    await expect(manager.getConnectionsByUserId(42)).resolves.toEqual([id]);
    await manager.handle(disconnect(id));
    expect(recorder.disconnected).toHaveLength(1);
  });
});

describe('a $connect that is repeated while the cache is away', () => {
  it('is refused and takes nothing from the connection that is there', async () => {
    const server = new RemoteCache();
    const { manager, get } = await startApplication({
      importsBefore: [CacheModule.register({ isGlobal: true, stores: [new Keyv({ store: server })] })],
      providers: [EventRecorder],
    });
    const event = connect();
    const { connectionId } = event.requestContext;
    await manager.handle(event);
    await manager.joinChannel(connectionId, 'news');
    for (const failure of ['unreached', 'unanswered'] satisfies Failure[]) {
      server.wire.intercept(failing(() => failure));
      expect((await manager.handle(event)).statusCode).toBe(503);
      server.wire.intercept(null);
      expect(await manager.getConnectionsByChannel('news')).toEqual([connectionId]);
    }
    expect(get(EventRecorder).disconnected).toEqual([]);
    await stopApplications();
  });
});
