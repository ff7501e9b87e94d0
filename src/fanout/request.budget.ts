import type { CancelTask, Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import { RequestBudget } from '../contracts/request.budget.js';
import { SharedRequestBudget } from './shared-request.budget.js';
import { TokenBucket } from './token.bucket.js';
import { WaitingLine } from './waiting.line.js';

/** A request budget of this process: a token bucket with room for 100 ms' worth of requests, at least one. */
export class ProcessRequestBudget extends RequestBudget {
  private readonly bucket: TokenBucket;
  private readonly line = new WaitingLine();
  private timer: CancelTask | null = null;

  constructor(
    requestsPerSecond: number,
    private readonly clock: Clock,
  ) {
    super();
    this.bucket = new TokenBucket(requestsPerSecond, clock);
  }

  take(signal?: AbortSignal): Promise<void> | undefined {
    if (this.line.length === 0 && this.bucket.take()) return undefined;
    const turn = this.line.join(signal);
    this.timer ??= this.schedule();
    return turn;
  }

  private schedule(): CancelTask {
    return this.clock.after(this.bucket.delayMs, () => {
      this.timer = null;
      while (this.line.length > 0 && this.bucket.take()) this.line.serve();
      if (this.line.length > 0) this.timer ??= this.schedule();
    });
  }
}

/** A budget that is chosen at the first request: the store may not be there before. */
class DeferredRequestBudget extends RequestBudget {
  private chosen: RequestBudget | undefined;

  constructor(private readonly choose: () => RequestBudget) {
    super();
  }

  take(signal?: AbortSignal): Promise<void> | undefined {
    return (this.chosen ??= this.choose()).take(signal);
  }
}

/** The budget that the options ask for: shared where the store can keep it, else of this process; `null` without a limit. */
export function createRequestBudget(
  requestsPerSecond: number | null,
  store: Pick<ConnectionStore, 'requestQuota'>,
  clock: Clock,
): RequestBudget | null {
  if (requestsPerSecond === null) return null;
  return new DeferredRequestBudget(() => {
    const quota = store.requestQuota();
    return quota === null
      ? new ProcessRequestBudget(requestsPerSecond, clock)
      : new SharedRequestBudget(quota, requestsPerSecond, clock);
  });
}
