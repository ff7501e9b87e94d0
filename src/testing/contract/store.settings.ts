import type { ConnectionStore } from '../../contracts/connection.store.js';
import type { ManualClock } from '../manual.clock.js';
import type { Wire } from './races/wire.js';

/** Where tests are declared: the globals of Jest, of Vitest, or what `node:test` exports. */
export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** What the suite asks of a store's maker. */
export interface StoreSettings {
  /** What the store's keys are to start with: different for each store, so that none sees what another left behind. */
  readonly keyPrefix: string;
  /** The clock that the store is to read. */
  readonly clock: ManualClock;
  /** When a record that nothing touches is to disappear. */
  readonly expireAfterSeconds: number;
}

/** A store that is held to its contract. */
export interface StoreSetup extends SuiteRunner {
  /** Makes an empty store; or, with the same settings again, another writer to the same state. It is closed by the suite. */
  create(settings: StoreSettings): ConnectionStore | Promise<ConnectionStore>;

  /**
   * What all requests of the stores go over, so that races are run in every order of their requests. Without it calls are only begun in every order.
   *
   * @default none
   */
  readonly wire?: Wire;

  /** Whether expiry and removals go by the given clock, not by the time of a server. @default true */
  readonly readsClock?: boolean;

  /**
   * `many`: stores made with the same settings share their state and may write at once; races are run from several of them. `one`: only one store may
   * write; races are run within it.
   *
   * @default 'many'
   */
  readonly writers?: 'one' | 'many';

  /** How many callers come at once where the suite says "many". @default 2_000 */
  readonly concurrency?: number;

  /** How many orders of steps are tried for each race, where there are more. @default 100 */
  readonly schedules?: number;
}
