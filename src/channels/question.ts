import type { ClientAnswer } from '../contracts/answer.box.js';
import type { Clock } from '../contracts/clock.js';

/** A question that answers are waited for, and those that came. */
export class Question {
  private readonly answers = new Map<string, string>();
  private missing: Set<string> | null = null;
  private wake: () => void = () => undefined;

  constructor(
    readonly id: string,
    private readonly clock: Clock,
  ) {}

  /** Says whose answers are waited for. Before that nobody knows whether all have come. */
  expect(connectionIds: readonly string[]): void {
    this.missing = new Set(connectionIds.filter((connectionId) => !this.answers.has(connectionId)));
  }

  get isAnswered(): boolean {
    return this.missing?.size === 0;
  }

  /** The JSON that a connection answered. */
  answerOf(connectionId: string): string | undefined {
    return this.answers.get(connectionId);
  }

  /** Takes an answer; `false` when there is one of this connection already. */
  take({ connectionId, answer }: ClientAnswer): boolean {
    if (this.answers.has(connectionId)) return false;
    this.answers.set(connectionId, answer);
    this.missing?.delete(connectionId);
    if (this.isAnswered) this.wake();
    return true;
  }

  /** Resolves when the last answer has come, or after `timeoutMs`. */
  change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(timeoutMs, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
