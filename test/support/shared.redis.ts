import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { connectTestClient, type TestRedisClient } from './redis.keys.js';
import { RedisServer, type RedisServerSettings } from './redis.server.js';

export interface SharedRedisSettings extends RedisServerSettings {
  /** Whether each test finds it empty. */
  readonly isEmptied?: boolean;
}

/** A Redis that the tests of one `describe` share. */
export class SharedRedis {
  private started: { readonly server: RedisServer; readonly client: TestRedisClient } | undefined;

  get server(): RedisServer {
    return this.running.server;
  }

  /** A client that is connected, for what the test itself asks. */
  get client(): TestRedisClient {
    return this.running.client;
  }

  get url(): string {
    return this.server.url;
  }

  async start(settings: RedisServerSettings): Promise<void> {
    const server = await RedisServer.start(settings);
    this.started = { server, client: await connectTestClient(server.url) };
    // One that nobody listens to would not survive a server that a test kills.
    this.started.client.on('error', () => undefined);
  }

  async stop(): Promise<void> {
    const { started } = this;
    this.started = undefined;
    started?.client.destroy();
    await started?.server.kill();
  }

  private get running() {
    if (this.started === undefined) throw new Error('Redis runs from the first test to the last.');
    return this.started;
  }
}

/** Starts a Redis before the tests of the `describe` that this is called in, and ends it after them. */
export function useRedis({ isEmptied = false, ...settings }: SharedRedisSettings = {}): SharedRedis {
  const redis = new SharedRedis();
  beforeAll(() => redis.start(settings));
  if (isEmptied) {
    beforeEach(async () => {
      await redis.client.flushAll();
    });
  }
  afterAll(() => redis.stop());
  return redis;
}
