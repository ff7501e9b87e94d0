import { describe } from '@jest/globals';
import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import type { ManualClock } from '../support/manual.clock.js';
import { answerBoxContract } from './answer-box.contract.js';
import { channelHistoryContract } from './channel-history.contract.js';
import { LedgersHarness } from './ledgers.harness.js';
import { presenceContract } from './presence.contract.js';
import { presenceModelContract } from './presence-model.contract.js';
import { requestClaimsContract } from './request-claims.contract.js';

/** A fresh state for one test. */
export interface LedgersSubject {
  readonly store: ConnectionStore;
  /** Over the same state, as another process has it; the same store where only one may write. */
  readonly other: ConnectionStore;
  /** The time that both go by. */
  readonly clock: ManualClock;
  /** Closes both. */
  stop(): Promise<void>;
}

/** How much of it is enough. */
export interface LedgersScale {
  /** How many callers "many" are. @default 50 */
  readonly callers?: number;
  /** How many random histories of presence are tried. @default 50 */
  readonly histories?: number;
  /** How many members make a channel large. @default 1_200 */
  readonly members?: number;
}

/** Holds the ledgers of a store that channels need (presence, history, claims, answers) to everything that their contracts promise. */
export function ledgersContract(name: string, setup: () => Promise<LedgersSubject>, scale: LedgersScale = {}): void {
  describe(name, () => {
    const harness = new LedgersHarness(setup, scale);
    presenceContract(harness);
    presenceModelContract(harness);
    channelHistoryContract(harness);
    requestClaimsContract(harness);
    answerBoxContract(harness);
  });
}
