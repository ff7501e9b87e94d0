import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe } from '@jest/globals';
import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import { ManualClock } from '../support/manual.clock.js';
import { lifetimeContract } from './lifetime.contract.js';
import { listingContract } from './listing.contract.js';
import { membershipContract } from './membership.contract.js';
import { randomHistoriesContract } from './random-histories.contract.js';
import { registrationContract } from './registration.contract.js';
import { EXPIRE_AFTER_MS, EXPIRE_AFTER_SECONDS, StoreHarness } from './store.harness.js';

/** What the suite asks of a store's maker. */
export interface StoreSettings {
  /** What the store's keys are to start with: different for each store, so that none sees what another left behind. */
  readonly keyPrefix: string;
  /** The clock that the store is to read. */
  readonly clock: ManualClock;
  /** When a record that nothing touches is to disappear. */
  readonly expireAfterSeconds: number;
}

/** What a store can and cannot do; the suite leaves out what it cannot. */
export interface StoreCapabilities {
  /** Expiry and tombstones go by the given clock, not by the time of a server. @default true */
  readonly readsClock?: boolean;
}

export interface ConnectionStoreContract {
  readonly name: string;
  /** Makes an empty store. Called for each test, and for each random history. */
  create(settings: StoreSettings): ConnectionStore | Promise<ConnectionStore>;
  readonly capabilities?: StoreCapabilities;
  /** How many callers come at once where the suite says "many". @default 2_000 */
  readonly concurrency?: number;
}

/** Holds a `ConnectionStore` to everything that the port promises. */
export function connectionStoreContract(contract: ConnectionStoreContract): void {
  const { name, capabilities: { readsClock = true } = {}, concurrency = 2_000 } = contract;
  const create = async () => {
    const clock = new ManualClock();
    const settings = { keyPrefix: `${randomUUID()}:`, clock, expireAfterSeconds: EXPIRE_AFTER_SECONDS };
    return { store: await contract.create(settings), clock };
  };

  describe(`${name}, as a connection store`, () => {
    const harness = new StoreHarness(concurrency, readsClock);

    beforeEach(async () => {
      Object.assign(harness, await create(), { scope: randomUUID() });
    });

    afterEach(async () => {
      await harness.store.close();
    });

    registrationContract(harness);
    membershipContract(harness);
    listingContract(harness);
    lifetimeContract(harness);
    randomHistoriesContract({ create, readsClock, expireAfterMs: EXPIRE_AFTER_MS });
  });
}
