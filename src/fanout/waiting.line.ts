/** Callers that wait for their turn, first come, first served. */
export class WaitingLine {
  private readonly waiters = new Set<() => void>();

  get length(): number {
    return this.waiters.size;
  }

  /** Resolves at the caller's turn, or when `signal` is aborted; the caller is not in the line any more then. */
  join(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const leave = (): void => {
        this.waiters.delete(leave);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.waiters.add(leave);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** It is the turn of the first. */
  serve(): void {
    for (const leave of this.waiters) {
      leave();
      return;
    }
  }
}
