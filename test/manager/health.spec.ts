import { afterEach, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import {
  CacheConnectionStore,
  StoreUnavailableError,
  WebSocket,
  WebSocketHealthIndicator,
  type ConnectionStore,
} from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { ManualClock } from '../support/manual.clock.js';
import { RemoteCache, type OutageManner } from '../support/remote.cache.js';
import { remote } from '../stores/caches.js';

afterEach(stopApplications);

const clock = new ManualClock();

/** A store whose `ping` does what the test says, and counts. */
class PingedStore extends CacheConnectionStore {
  pings = 0;

  constructor(private readonly answer: () => Promise<void>) {
    super(createCache());
  }

  override ping(): Promise<void> {
    this.pings++;
    return this.answer();
  }
}

async function start(store: ConnectionStore) {
  const { manager, get } = await startApplication({ options: { store, clock, storeTimeoutMs: 2_000 } });
  return { manager, indicator: get(WebSocketHealthIndicator) };
}

const systemError = (message: string, code: string): Error => Object.assign(new Error(message), { code });

describe('health', () => {
  it('is up while the store answers, and tells how long that took', async () => {
    const { manager } = await start(new PingedStore(() => clock.advance(7)));
    expect(await manager.health()).toEqual({ status: 'up', latencyMs: 7 });
  });

  it('is up with connections in memory', async () => {
    const { manager } = await startApplication({ options: { clock } });
    expect(await manager.health()).toEqual({ status: 'up', latencyMs: 0 });
    expect(await WebSocket.health()).toEqual({ status: 'up', latencyMs: 0 });
  });

  it('asks the store each time, and changes nothing in it', async () => {
    const store = new PingedStore(() => Promise.resolve());
    const { manager } = await start(store);
    for (let round = 0; round < 3; round++) await manager.health();
    expect(store.pings).toBe(3);
    expect(await manager.getStats()).toEqual({ totalConnections: 0, totalChannels: 0, channels: {} });
  });

  it.each(['throws', 'emits'] satisfies OutageManner[])(
    'is down while a cache %s, and up again afterwards',
    async (manner) => {
      const server = new RemoteCache();
      const { manager } = await start(new CacheConnectionStore(remote(server)));
      expect(await manager.health()).toMatchObject({ status: 'up' });
      server.outage = manner;
      expect(await manager.health()).toEqual({
        status: 'down',
        latencyMs: 0,
        reason: 'WEBSOCKET_STORE_UNAVAILABLE',
      });
      server.outage = null;
      expect(await manager.health()).toMatchObject({ status: 'up' });
    },
  );

  it('names the timeout when a cache does not answer in its time', async () => {
    const silent = Object.assign(new RemoteCache(), { get: () => new Promise<undefined>(() => undefined) });
    const { manager } = await start(new CacheConnectionStore(remote(silent), { clock, timeoutMs: 1_000 }));
    const health = manager.health();
    await clock.advance(1_000);
    expect(await health).toEqual({ status: 'down', latencyMs: 1_000, reason: 'TimeoutError' });
  });

  it('is down after storeTimeoutMs when the store never answers', async () => {
    const { manager } = await start(new PingedStore(() => new Promise(() => undefined)));
    const health = manager.health();
    await clock.advance(2_000);
    expect(await health).toEqual({ status: 'down', latencyMs: 2_000, reason: 'TimeoutError' });
    expect(clock.pending).toBe(0);
  });

  it('takes no notice of an answer that comes too late, be it a failure', async () => {
    let fail!: (error: Error) => void;
    const { manager } = await start(new PingedStore(() => new Promise((_, reject) => (fail = reject))));
    const health = manager.health();
    await clock.advance(2_000);
    fail(new Error('too late'));
    expect(await health).toMatchObject({ reason: 'TimeoutError' });
  });

  const failures: [description: string, failure: unknown, reason: string][] = [
    ['the code of a system error', systemError('connect ECONNREFUSED 10.0.0.7:6379', 'ECONNREFUSED'), 'ECONNREFUSED'],
    [
      'the name of an error',
      Object.assign(new Error('gone'), { name: 'ResourceNotFoundException' }),
      'ResourceNotFoundException',
    ],
    [
      'the innermost cause',
      new StoreUnavailableError('read', { cause: systemError('getaddrinfo redis.internal', 'ENOTFOUND') }),
      'ENOTFOUND',
    ],
    [
      'the code of a StoreUnavailableError whose cause has none',
      new StoreUnavailableError('read', { cause: new Error('redis://user:s3cret@redis.internal') }),
      'WEBSOCKET_STORE_UNAVAILABLE',
    ],
    [
      'the code that Redis begins its errors with',
      new StoreUnavailableError('add', { cause: new Error("READONLY You can't write against a read only replica.") }),
      'READONLY',
    ],
    ['nothing that is more than a word', systemError('x', 'redis://user:s3cret@redis.internal'), 'unknown-error'],
    ['nothing of a plain error', new Error('redis://user:s3cret@redis.internal'), 'unknown-error'],
    ['nothing of what is no error', 's3cret', 'unknown-error'],
    [
      'nothing of an error that cannot be read',
      Object.defineProperty(new Error('x'), 'code', {
        get: () => {
          throw new Error('s3cret');
        },
      }),
      'unknown-error',
    ],
  ];
  it.each(failures)('gives as the reason %s', async (_, failure, reason) => {
    const { manager } = await start(
      new PingedStore(async () => {
        throw failure;
      }),
    );
    expect(await manager.health()).toEqual({ status: 'down', latencyMs: 0, reason });
  });

  it('is down, not an exception, when ping throws before it returns a promise', async () => {
    const { manager } = await start(
      new PingedStore(() => {
        throw systemError('not connected', 'ENOTCONN');
      }),
    );
    expect(await manager.health()).toMatchObject({ status: 'down', reason: 'ENOTCONN' });
  });

  it('follows causes that lead back to themselves only so far', async () => {
    const error = systemError('x', 'ELOOP');
    error.cause = error;
    const { manager } = await start(new PingedStore(() => Promise.reject(error)));
    expect(await manager.health()).toMatchObject({ reason: 'ELOOP' });
  });
});

describe('the health indicator', () => {
  it('has the health under its key, or under the one it is given', async () => {
    const { indicator } = await start(new PingedStore(() => Promise.reject(systemError('x', 'ECONNRESET'))));
    const health = { status: 'down', latencyMs: 0, reason: 'ECONNRESET' };
    expect(await indicator.isHealthy()).toEqual({ websocket: health });
    expect(await indicator.isHealthy('sockets')).toEqual({ sockets: health });
  });
});
