import type { BroadcastLedger } from '../../contracts/broadcast.ledger.js';
import type { ConnectionStore } from '../../contracts/connection.store.js';
import { Log } from '../../logging/log.js';

/** The ledger of a store, asked for when it is first needed: the store may not be chosen before. */
export class LedgerSource {
  private found: BroadcastLedger | undefined;

  /** @param substitute makes the ledger of this process, for a store that has none */
  constructor(
    private readonly store: Pick<ConnectionStore, 'broadcasts'>,
    private readonly substitute: () => BroadcastLedger,
    private readonly log = new Log(),
  ) {}

  readonly ledger = (): BroadcastLedger => (this.found ??= this.store.broadcasts() ?? this.own());

  private own(): BroadcastLedger {
    this.log.warn(
      'ledger.missing',
      'The store has no place for the reports of broadcasts: only the process that works off a shard knows of it, and a shard that the queue delivers ' +
        'twice may be sent twice. Let the store implement "broadcasts()".',
    );
    return this.substitute();
  }
}
