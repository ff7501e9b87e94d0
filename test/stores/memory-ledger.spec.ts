import { MemoryBroadcastLedger } from '../../src/stores/cache/memory-broadcast.ledger.js';
import { ManualClock } from '../support/manual.clock.js';
import { broadcastLedgerContract } from './ledger.contract.js';

broadcastLedgerContract('MemoryBroadcastLedger', () => {
  const clock = new ManualClock();
  const ledger = new MemoryBroadcastLedger(clock);
  return { clock, ledgers: [ledger, ledger] };
});
