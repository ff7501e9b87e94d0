import { AbortWatch } from '../http/abort.watch.js';

interface Waiter {
  readonly signal: AbortSignal | undefined;
  readonly go: () => void;
}

/** Callers that wait for their turn, first come, first served. Listens once to a signal, however many of them have it. */
export class WaitingLine {
  private readonly waiters = new Set<Waiter>();
  private readonly aborts = new AbortWatch((signal) => {
    for (const waiter of this.waiters) if (waiter.signal === signal) this.leave(waiter);
  });

  get length(): number {
    return this.waiters.size;
  }

  /** Resolves at the caller's turn, or when `signal` is aborted; the caller is not in the line any more then. */
  join(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    if (signal !== undefined) this.aborts.use(signal);
    return new Promise((go) => void this.waiters.add({ signal, go }));
  }

  /** It is the turn of the first. */
  serve(): void {
    for (const waiter of this.waiters) {
      this.leave(waiter);
      return;
    }
  }

  private leave(waiter: Waiter): void {
    this.waiters.delete(waiter);
    if (waiter.signal !== undefined) this.aborts.release(waiter.signal);
    waiter.go();
  }
}
