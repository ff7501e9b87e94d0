import { describe, it } from '@jest/globals';
import {
  connectionStoreContract as exportedContract,
  subjectsOf,
} from '../../src/testing/contract/connection-store.contract.js';
import type { StoreSetup } from '../../src/testing/contract/store.settings.js';
import type { Wire } from '../../src/testing/contract/races/wire.js';
import { faultsContract } from './faults.contract.js';
import { randomHistoriesContract } from './random-histories.contract.js';

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
  create: StoreSetup['create'];
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

/** Holds a `ConnectionStore` to everything that the port promises: the suite that authors of stores get, failing requests, and random histories. */
export function connectionStoreContract(contract: ConnectionStoreContract): void {
  const { name, wire, runs = 300, create: createStore, concurrency = 2_000, schedules = 100 } = contract;
  const {
    readsClock = true,
    readsMemory = false,
    writers = 'many',
    placesLapseAfterMs = 0,
  } = contract.capabilities ?? {};
  const setup = { create: createStore, writers, ...(wire !== undefined && { wire }) };
  exportedContract(name, { ...setup, describe, it, readsClock, concurrency, schedules });

  describe(`${name}, as a connection store, further`, () => {
    const create = subjectsOf(setup);
    if (wire !== undefined) faultsContract({ create, readsMemory, placesLapseAfterMs });
    randomHistoriesContract({ create, readsClock, isWired: wire !== undefined, runs });
  });
}
