/** What a client answered to a question of the server. */
export interface ClientAnswer {
  readonly connectionId: string;
  /** JSON. */
  readonly answer: string;
}

/** `closed`: there is no such question, or not any more; `again`: this connection has answered it. */
export type AnswerResult = 'taken' | 'again' | 'closed';

/**
 * Where the answers of clients to one question come together, whatever process they reach.
 *
 * Each operation is one atomic step however many processes run it at once, and rejects with `StoreUnavailableError` when the store cannot answer.
 */
export abstract class AnswerBox {
  /** Takes answers to a question for `ttlMs` from now. */
  abstract open(questionId: string, ttlMs: number): Promise<void>;

  /** Puts an answer in; only the first of a connection counts. */
  abstract put(questionId: string, answer: ClientAnswer): Promise<AnswerResult>;

  /** The answers from the `from`th on (0 is the first), in the order in which they came. */
  abstract read(questionId: string, from: number): Promise<readonly ClientAnswer[]>;

  /** Takes no more answers, and forgets those that it has. */
  abstract close(questionId: string): Promise<void>;
}
