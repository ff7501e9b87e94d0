/** Decides what becomes of a request: `perform` sends it, and resolves to the answer or rejects. */
export type Interceptor = (request: string, perform: () => Promise<unknown>) => Promise<unknown>;

/** How a request fails: before the backend took it, or after, when only the answer is lost. */
export type Failure = 'unreached' | 'unanswered';

/**
 * The line between a store and its backend. Every request goes over it by its name, so that the suite can hold it, fail it, or lose
 * its answer.
 */
export class Wire {
  private interceptor: Interceptor | null = null;
  private underWay = 0;

  /** Puts `interceptor` in the way of every request from now on; `null` clears the way. */
  intercept(interceptor: Interceptor | null): void {
    this.interceptor = interceptor;
  }

  async carry<Answer>(request: string, perform: () => Promise<Answer>): Promise<Answer> {
    this.underWay++;
    try {
      return await (this.interceptor === null ? perform() : (this.interceptor(request, perform) as Promise<Answer>));
    } finally {
      this.underWay--;
    }
  }

  /** Resolves when no request is under way, nor any that follows from its answer. */
  async quiet(): Promise<void> {
    do await promisesAtRest();
    while (this.underWay > 0);
  }
}

/** Every promise job runs before the event loop gets to its next turn. */
export function promisesAtRest(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Fails those requests for which `failureOf` names a failure. */
export function failing(failureOf: (request: string) => Failure | null): Interceptor {
  return async (request, perform) => {
    const failure = failureOf(request);
    if (failure === 'unreached') throw new LineError('The server was not reached.');
    const answer = await perform();
    if (failure === 'unanswered') throw new LineError('The answer was lost.');
    return answer;
  };
}

/** What a client reports when its connection breaks. */
class LineError extends Error {
  readonly code = 'ECONNRESET';
}
