import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheConnectionStore } from '../../src/index.js';
import { RemoteCache } from '../support/remote.cache.js';
import { connectionStoreContract } from './connection-store.contract.js';
import { Wire } from '../../src/testing/contract/races/wire.js';

const inMemory: Readonly<Record<string, () => Cache>> = {
  'the default cache': () => createCache(),
  'a Keyv that serialises into a Map': () => createCache({ stores: [new Keyv({ store: new Map() })] }),
};

const remote: Readonly<Record<string, { readonly readsMemory: boolean; create(wire: Wire): Cache }>> = {
  'a cache across a network': {
    readsMemory: false,
    create: (wire) => createCache({ stores: [new Keyv({ store: new RemoteCache(wire) })] }),
  },
  'memory in front of a cache across a network': {
    readsMemory: true,
    create: (wire) => createCache({ stores: [new Keyv(), new Keyv({ store: new RemoteCache(wire) })] }),
  },
};

for (const [name, cache] of Object.entries(inMemory)) {
  connectionStoreContract({
    name: `CacheConnectionStore over ${name}`,
    create: (settings) => new CacheConnectionStore(cache(), settings),
    capabilities: { writers: 'one' },
  });
}

for (const [name, { readsMemory, create }] of Object.entries(remote)) {
  const wire = new Wire();
  connectionStoreContract({
    name: `CacheConnectionStore over ${name}`,
    create: (settings) => new CacheConnectionStore(create(wire), settings),
    wire,
    capabilities: { readsMemory, writers: 'one' },
  });
}
