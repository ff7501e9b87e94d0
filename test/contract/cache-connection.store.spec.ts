import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheConnectionStore } from '../../src/index.js';
import { RemoteCache } from '../support/remote.cache.js';
import { connectionStoreContract } from './connection-store.contract.js';

const caches: Readonly<Record<string, () => Cache>> = {
  'the default cache': () => createCache(),
  'a Keyv that serialises into a Map': () => createCache({ stores: [new Keyv({ store: new Map() })] }),
  'a cache across a network': () => createCache({ stores: [new Keyv({ store: new RemoteCache() })] }),
  'memory in front of a cache across a network': () =>
    createCache({ stores: [new Keyv(), new Keyv({ store: new RemoteCache() })] }),
};

for (const [name, cache] of Object.entries(caches)) {
  connectionStoreContract({
    name: `CacheConnectionStore over ${name}`,
    create: (settings) => new CacheConnectionStore(cache(), settings),
  });
}
