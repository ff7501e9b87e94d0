import { lifetimeContract } from './lifetime.contract.js';
import { listingContract } from './listing.contract.js';
import { membershipContract } from './membership.contract.js';
import { racesContract } from './races/races.contract.js';
import type { CreateSubject } from './races/subject.js';
import { Wire } from './races/wire.js';
import { registrationContract } from './registration.contract.js';
import { newSettings, StoreHarness } from './store.harness.js';
import type { StoreSetup } from './store.settings.js';

/**
 * Holds a `ConnectionStore` to what the port promises: declares a suite of tests with the `describe` and `it` that it is given. Failures are those of
 * `node:assert`.
 *
 * @example
 * import { describe, it } from 'node:test';
 * connectionStoreContract('MyStore', { describe, it, create: ({ keyPrefix, clock }) => new MyStore(keyPrefix, clock) });
 */
export function connectionStoreContract(name: string, setup: StoreSetup): void {
  const { describe, concurrency = 2_000, readsClock = true, schedules = 100 } = setup;
  describe(`${name}, as a connection store`, () => {
    const harness = new StoreHarness(setup, (settings) => setup.create(settings), concurrency, readsClock);
    registrationContract(harness);
    membershipContract(harness);
    listingContract(harness);
    lifetimeContract(harness);
    racesContract(setup, { create: subjectsOf(setup), readsClock, schedules });
  });
}

/** Makes the stores of as many writers as there may be, on one state. */
export function subjectsOf({
  create,
  writers = 'many',
  wire = new Wire(),
}: Pick<StoreSetup, 'create' | 'writers' | 'wire'>): CreateSubject {
  return async () => {
    const settings = newSettings();
    const store = await create(settings);
    const others = Array.from({ length: writers === 'many' ? 2 : 0 }, async () => create(settings));
    return { stores: [store, ...(await Promise.all(others))], clock: settings.clock, wire };
  };
}
