/** Keeps the number of tasks under way bounded, and tells when all have ended. */
export class ConcurrencyGate {
  private active = 0;
  private wake: (() => void) | undefined;

  constructor(private readonly limit: number) {}

  /** Whether another task has to wait for {@link room}. */
  get isFull(): boolean {
    return this.active >= this.limit;
  }

  /** Resolves when one more task may start. For one caller at a time. */
  async room(): Promise<void> {
    while (this.isFull) await this.ended();
  }

  /** Counts a task as under way until it ends; it must not reject. */
  track(task: Promise<void>): void {
    this.active++;
    void task.finally(() => {
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

/** Tasks of the kind that talk to a store or to the AWS SDK gain nothing from more. */
const MOST_AT_ONCE = 64;

/**
 * Runs a task for each item, at most `limit` at a time, and never more than 64.
 *
 * @throws what a task threw, after every one of them has ended
 */
export async function forEachAtMost<Item>(
  limit: number,
  items: Iterable<Item>,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const gate = new ConcurrencyGate(Math.min(limit, MOST_AT_ONCE));
  const errors: unknown[] = [];
  for (const item of items) {
    await gate.room();
    gate.track(task(item).catch((error: unknown) => void errors.push(error)));
  }
  await gate.drained();
  if (errors.length > 0) throw errors[0];
}
