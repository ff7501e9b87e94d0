import { AsyncLocalStorage } from 'node:async_hooks';

interface Invocation {
  readonly requestId: string | undefined;
}

/** Runs a part of an invocation, and knows again whatever it begins. */
export type Within = <Result>(part: () => Result) => Result;

/** The invocations that are being worked on: one, unless the function takes several at once. */
export class RunningInvocations {
  private readonly running = new Set<Invocation>();
  private readonly storage = new AsyncLocalStorage<Invocation>();

  /** Runs `work`, which says of which part it is to be followed wherever it goes: to follow every promise of a start would make it slower. */
  async run<Result>(requestId: string | undefined, work: (within: Within) => Promise<Result>): Promise<Result> {
    const invocation = { requestId };
    this.running.add(invocation);
    try {
      return await work((part) => this.storage.run(invocation, part));
    } finally {
      this.running.delete(invocation);
    }
  }

  get areNone(): boolean {
    return this.running.size === 0;
  }

  /**
   * The request id of the invocation that this belongs to. What is not followed, or was begun by an earlier one, such as the socket of a store, belongs to
   * the only one that is running.
   */
  get requestId(): string | undefined {
    const invocation = this.storage.getStore();
    if (invocation !== undefined && this.running.has(invocation)) return invocation.requestId;
    const [only, another] = this.running;
    return another === undefined ? only?.requestId : undefined;
  }
}
