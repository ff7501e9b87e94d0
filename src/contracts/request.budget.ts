/** How many requests may be made, in all, in a second. */
export abstract class RequestBudget {
  /** Takes one request out of the budget: `undefined` where it may be made now, else what resolves when it may, or when `signal` is aborted. */
  abstract take(signal?: AbortSignal): Promise<void> | undefined;
}

/** What a process took out of a {@link RequestQuota}. */
export interface Reservation {
  /** How many requests may be made; fewer than were asked for, or none, where others have taken what the near future allows. */
  readonly granted: number;
  /** From when on they may be, in milliseconds from now; where none was granted, when to ask again. */
  readonly delayMs: number;
}

/** A budget that processes share: each takes some requests at a time out of it. */
export abstract class RequestQuota {
  /**
   * Takes up to `count` requests out of the budget of `requestsPerSecond`.
   *
   * @throws StoreUnavailableError
   */
  abstract reserve(count: number, requestsPerSecond: number): Promise<Reservation>;
}
