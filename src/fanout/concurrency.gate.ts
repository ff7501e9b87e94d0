/** Lets a bounded number of tasks be under way, and tells when all have ended. */
export class ConcurrencyGate {
  private active = 0;
  private wake: (() => void) | undefined;

  constructor(private readonly limit: number) {}

  /** Starts a task, which must not reject, once there is room; resolves when it has started. */
  async start(task: () => Promise<void>): Promise<void> {
    while (this.active >= this.limit) await this.ended();
    this.active++;
    void task().finally(() => {
      this.active--;
      this.wake?.();
    });
  }

  /** Resolves when every task has ended. */
  async drained(): Promise<void> {
    while (this.active > 0) await this.ended();
  }

  private ended(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
