import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe } from '@jest/globals';
import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import { ManualClock } from '../support/manual.clock.js';
import { faultsContract } from './faults.contract.js';
import { lifetimeContract } from './lifetime.contract.js';
import { listingContract } from './listing.contract.js';
import { membershipContract } from './membership.contract.js';
import { randomHistoriesContract } from './random-histories.contract.js';
import { racesContract } from './races.contract.js';
import { registrationContract } from './registration.contract.js';
import { EXPIRE_AFTER_SECONDS, StoreHarness } from './store.harness.js';
import type { Subject } from './subject.js';
import { Wire } from './wire.js';

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
  /** Some operations are answered from what this process remembers, without a request, and so through an outage. @default false */
  readonly readsMemory?: boolean;
  /**
   * How long a place in a channel with a limit may stay taken by a join whose process died half-way, by the given clock. Until then the channel
   * may be full with one member less. @default 0
   */
  readonly placesLapseAfterMs?: number;
  /**
   * `many`: stores made with the same key prefix share their state and may write at once; races are run from several of them. `one`: the
   * backend knows no atomic step, so that one store may write; races are run within it. @default 'many'
   */
  readonly writers?: 'one' | 'many';
}

export interface ConnectionStoreContract {
  readonly name: string;
  /** Makes an empty store; or, with the same settings again, another writer to the same state. */
  create(settings: StoreSettings): ConnectionStore | Promise<ConnectionStore>;
  /** What all requests of the stores go over. Leave it out for a store that makes none: then there is nothing to hold and nothing to fail. */
  readonly wire?: Wire;
  readonly capabilities?: StoreCapabilities;
  /** How many callers come at once where the suite says "many". @default 2_000 */
  readonly concurrency?: number;
  /** How many random histories each property goes through. @default 300 */
  readonly runs?: number;
  /** How many orders of steps are tried for each race, where there are more. @default 100 */
  readonly schedules?: number;
}

/** Holds a `ConnectionStore` to everything that the port promises. */
export function connectionStoreContract(contract: ConnectionStoreContract): void {
  const { name, wire = new Wire(), concurrency = 2_000, runs = 300, schedules = 100 } = contract;
  const {
    readsClock = true,
    readsMemory = false,
    writers = 'many',
    placesLapseAfterMs = 0,
  } = contract.capabilities ?? {};
  const settings = (): StoreSettings => ({
    keyPrefix: `${randomUUID()}:`,
    clock: new ManualClock(),
    expireAfterSeconds: EXPIRE_AFTER_SECONDS,
  });
  const create = async (): Promise<Subject> => {
    const shared = settings();
    const store = await contract.create(shared);
    const others = Array.from({ length: writers === 'many' ? 2 : 0 }, async () => contract.create(shared));
    return { stores: [store, ...(await Promise.all(others))], clock: shared.clock, wire };
  };

  describe(`${name}, as a connection store`, () => {
    const harness = new StoreHarness(concurrency, readsClock);

    beforeEach(async () => {
      const own = settings();
      Object.assign(harness, { store: await contract.create(own), clock: own.clock, scope: randomUUID() });
    });

    afterEach(async () => {
      await harness.store.close();
    });

    registrationContract(harness);
    membershipContract(harness);
    listingContract(harness);
    lifetimeContract(harness);
    racesContract({ create, readsClock, schedules });
    if (contract.wire !== undefined) faultsContract({ create, readsMemory, placesLapseAfterMs });
    randomHistoriesContract({ create, readsClock, isWired: contract.wire !== undefined, runs });
  });
}
