import { describe, it } from 'node:test';
import { createCache } from 'cache-manager';
import { CacheConnectionStore } from '../../src/stores/cache/cache-connection.store.js';
import { connectionStoreContract } from '../../src/testing/contract/index.js';

connectionStoreContract('CacheConnectionStore', {
  ...{ describe, it, writers: 'one', concurrency: 40, schedules: 4 },
  create: (settings) => new CacheConnectionStore(createCache(), settings),
});
