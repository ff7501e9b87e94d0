import { MAX_DELAY_MS, type CancelTask, type Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import { forEachAtMost } from '../fanout/concurrency.gate.js';
import { Log } from '../logging/log.js';

const TOUCHES_AT_ONCE = 64;

/**
 * Keeps the records of open sockets alive. API Gateway ends a connection after two hours; here one may stay for weeks, and what says
 * nothing all that time must neither look stale nor expire.
 */
export class RecordRenewal {
  private cancel: CancelTask | undefined;
  private isStopped = false;

  /** @param connectionIds those whose sockets are open when it is their turn */
  constructor(
    private readonly store: ConnectionStore,
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly connectionIds: () => Iterable<string>,
    private readonly log = new Log(),
  ) {}

  /** Renews the records again and again, the next time once this one is over. */
  start(): void {
    if (this.isStopped) return;
    this.cancel = this.clock.after(
      Math.min(this.everyMs, MAX_DELAY_MS),
      () => void this.renew().then(() => this.start()),
    );
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  private async renew(): Promise<void> {
    const seenAt = this.clock.now();
    try {
      // Many at a time: a store that commits concurrent changes together writes its lists once for all of them.
      await forEachAtMost(TOUCHES_AT_ONCE, this.connectionIds(), async (connectionId) => {
        if (!this.isStopped) await this.store.touch(connectionId, seenAt);
      });
    } catch {
      // The next round comes long before the records expire.
      this.log.warn('renewal.failed', 'The records of open connections could not be renewed: the store failed.');
    }
  }
}
