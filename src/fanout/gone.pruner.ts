import type { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import type { Recipient } from '../contracts/connection.store.js';
import type { Log } from '../logging/log.js';

/** How many connections are forgotten at once: enough for one batch of requests to the store, few enough to leave it time for others. */
const AT_ONCE = 32;

/** How many may wait for that before the broadcast waits for them. */
const MAX_WAITING = 1_000;

/** Forgets connections that turned out to be gone, beside the deliveries that go on. One for each broadcast. */
export class GonePruner {
  private readonly waiting: Recipient[] = [];
  private readonly awaited: (() => void)[] = [];
  private underWay = 0;
  private hasFailed = false;

  constructor(
    private readonly lifecycle: ConnectionLifecycle,
    private readonly log: Log,
  ) {}

  add(recipient: Recipient): void {
    this.waiting.push(recipient);
    this.work();
  }

  /** Whether so many wait that no more should be looked for. */
  get isFull(): boolean {
    return this.waiting.length >= MAX_WAITING;
  }

  /** Resolves when some more may come. */
  async relieved(): Promise<void> {
    while (this.isFull) await this.oneDone();
  }

  /** Resolves when all of them are forgotten, or the store has failed. */
  async done(): Promise<void> {
    while (this.underWay > 0) await this.oneDone();
  }

  private work(): void {
    while (this.underWay < AT_ONCE) {
      const recipient = this.waiting.pop();
      if (recipient === undefined) return;
      this.underWay++;
      void this.forget(recipient).finally(() => {
        this.underWay--;
        this.work();
        for (const resolve of this.awaited.splice(0)) resolve();
      });
    }
  }

  private async forget(recipient: Recipient): Promise<void> {
    if (this.hasFailed) return;
    try {
      await this.lifecycle.endGone(recipient);
    } catch {
      if (this.hasFailed) return;
      this.hasFailed = true;
      // The messages are delivered all the same; the next send meets the same 410 and prunes then.
      this.log.warn('gone.kept', 'Connections that are gone could not be removed: the store failed.');
    }
  }

  private oneDone(): Promise<void> {
    return new Promise((resolve) => this.awaited.push(resolve));
  }
}
