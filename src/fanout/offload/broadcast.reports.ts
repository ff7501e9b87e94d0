import type { BroadcastLedger, BroadcastReport } from '../../contracts/broadcast.ledger.js';
import { monotonicNow, type Clock } from '../../contracts/clock.js';
import { keepingAlive } from '../keeping-alive.js';

/** How long to wait for a broadcast. */
export interface UntilBroadcastOptions {
  /** In milliseconds. @default 60_000 */
  readonly timeoutMs?: number;
  /** Ends the wait; it rejects with the signal's reason then. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const GROWTH = 1.5;

/** Tells how far broadcasts are that were handed over. */
export class BroadcastReports {
  constructor(
    private readonly ledger: () => BroadcastLedger,
    private readonly clock: Clock,
  ) {}

  /**
   * How far a broadcast is; `null` for one that is not known, or was begun more than a day ago.
   *
   * @throws StoreUnavailableError
   */
  async get(broadcastId: string): Promise<BroadcastReport | null> {
    return this.ledger().report(broadcastId);
  }

  /**
   * The report of a broadcast once it is complete; when time is up the report as it is then, with `isComplete` false. Asks the store now and then, at
   * first often. A store that fails meanwhile is asked again.
   *
   * @throws StoreUnavailableError when the store fails at the end
   */
  until(broadcastId: string, options: UntilBroadcastOptions = {}): Promise<BroadcastReport | null> {
    return keepingAlive(() => this.poll(broadcastId, options));
  }

  private async poll(
    broadcastId: string,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: UntilBroadcastOptions,
  ): Promise<BroadcastReport | null> {
    const deadline = monotonicNow(this.clock) + timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * GROWTH)) {
      signal?.throwIfAborted();
      const answer = await this.get(broadcastId).catch((error: unknown) => ({ error }));
      const remainingMs = deadline - monotonicNow(this.clock);
      if (answer !== null && 'error' in answer) {
        if (remainingMs <= 0) throw answer.error;
      } else if (answer === null || answer.isComplete || remainingMs <= 0) {
        return answer;
      }
      await this.pause(Math.min(remainingMs, pauseMs * (0.5 + Math.random() / 2)), signal);
    }
  }

  private pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.clock.after(delayMs, end);
      if (signal?.aborted === true) end();
      else signal?.addEventListener('abort', end, { once: true });
    });
  }
}
