import { Logger } from '@nestjs/common';
import type { CancelTask, Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';

/**
 * Keeps the records of open sockets alive. API Gateway ends a connection after two hours; here one may stay for weeks, and what says
 * nothing all that time must neither look stale nor expire.
 */
export class RecordRenewal {
  private readonly logger = new Logger('WebSocket');
  private cancel: CancelTask | undefined;

  /** @param connectionIds those whose sockets are open when it is their turn */
  constructor(
    private readonly store: ConnectionStore,
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly connectionIds: () => Iterable<string>,
  ) {}

  start(): void {
    this.cancel = this.clock.after(this.everyMs, () => {
      this.start();
      void this.renew();
    });
  }

  stop(): void {
    this.cancel?.();
  }

  private async renew(): Promise<void> {
    const seenAt = this.clock.now();
    try {
      for (const connectionId of this.connectionIds()) await this.store.touch(connectionId, seenAt);
    } catch {
      // The next round comes long before the records expire.
      this.logger.warn('The records of open connections could not be renewed: the store failed.');
    }
  }
}
