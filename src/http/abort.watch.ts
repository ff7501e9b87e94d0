/** Says when signals are aborted that matter to somebody, with one listener for each and none left once it matters to nobody. */
export class AbortWatch {
  private readonly watched = new Map<AbortSignal, { uses: number; readonly listener: () => void }>();

  constructor(private readonly onAbort: (signal: AbortSignal) => void) {}

  /** To be undone with {@link release}. The signal must not have been aborted yet. */
  use(signal: AbortSignal): void {
    const watch = this.watched.get(signal);
    if (watch !== undefined) {
      watch.uses++;
      return;
    }
    const listener = (): void => {
      this.watched.delete(signal);
      this.onAbort(signal);
    };
    this.watched.set(signal, { uses: 1, listener });
    signal.addEventListener('abort', listener, { once: true });
  }

  release(signal: AbortSignal): void {
    const watch = this.watched.get(signal);
    if (watch === undefined || --watch.uses > 0) return;
    this.watched.delete(signal);
    signal.removeEventListener('abort', watch.listener);
  }
}
