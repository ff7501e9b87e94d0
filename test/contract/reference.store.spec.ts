import { connectionStoreContract } from './connection-store.contract.js';
import { ReferenceModel } from '../../src/testing/contract/races/reference.model.js';
import { ReferenceStore } from '../../src/testing/contract/races/reference.store.js';
import { EXPIRE_AFTER_MS } from '../../src/testing/contract/store.harness.js';
import { Wire } from '../../src/testing/contract/races/wire.js';

const wire = new Wire();
const models = new Map<string, ReferenceModel>();

// What every store is compared with keeps the contract itself.
connectionStoreContract({
  name: 'ReferenceStore',
  create: ({ keyPrefix, clock }) => {
    const model = models.get(keyPrefix) ?? new ReferenceModel(EXPIRE_AFTER_MS);
    models.set(keyPrefix, model);
    return new ReferenceStore(model, clock, wire);
  },
  wire,
  concurrency: 200,
  runs: 30,
});
