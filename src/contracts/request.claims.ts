/**
 * Which requests were taken up already, so that one that comes twice is done once.
 *
 * Each operation is one atomic step however many processes run it at once, and rejects with `StoreUnavailableError` when the store cannot answer.
 */
export abstract class RequestClaims {
  /** Remembers `value` under `key` for `ttlMs` and resolves `null`; when something is remembered there, changes nothing and resolves that. */
  abstract claim(key: string, value: string, ttlMs: number): Promise<string | null>;

  /** Forgets a claim whose request was not done after all. */
  abstract release(key: string): Promise<void>;
}
