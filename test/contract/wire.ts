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

  /** Puts `interceptor` in the way of every request from now on; `null` clears the way. */
  intercept(interceptor: Interceptor | null): void {
    this.interceptor = interceptor;
  }

  carry<Answer>(request: string, perform: () => Promise<Answer>): Promise<Answer> {
    if (this.interceptor === null) return perform();
    return this.interceptor(request, perform) as Promise<Answer>;
  }
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
