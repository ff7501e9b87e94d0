import type { ClientClock } from './client.options.js';

/** The longest delay that timers take; with a longer one they fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Timers by what they are for: one each, and none outlives its owner. */
export class Timers {
  readonly #cancels = new Map<unknown, () => void>();
  readonly #clock: ClientClock;

  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  has(purpose: unknown): boolean {
    return this.#cancels.has(purpose);
  }

  /** Runs `task` after `delayMs`; what was to come before for the same purpose does not. */
  set(purpose: unknown, delayMs: number, task: () => void): void {
    this.stop(purpose);
    this.#cancels.set(
      purpose,
      this.#clock.after(Math.min(delayMs, MAX_DELAY_MS), () => {
        this.#cancels.delete(purpose);
        task();
      }),
    );
  }

  stop(purpose: unknown): void {
    this.#cancels.get(purpose)?.();
    this.#cancels.delete(purpose);
  }

  clear(): void {
    for (const purpose of this.#cancels.keys()) this.stop(purpose);
  }
}
