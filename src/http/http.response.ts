/** What is kept of an answer. Everything else of it is read and thrown away. */
export interface HttpResponse {
  readonly status: number;
  /** `x-amzn-errortype`, as it came. */
  readonly errorType: string | null;
  /** `date`; `null` also where `age` says that the answer comes out of a cache. */
  readonly date: string | null;
  /** The first bytes of the body, a character for each. */
  readonly body: string;
  readonly isBodyWhole: boolean;
  /** Whether the connection is good for another request. */
  readonly keepsAlive: boolean;
}

/** The other side does not speak HTTP/1.1 as RFC 9112 has it, or says more than it may. Its connection is of no more use. */
export class InvalidResponseError extends Error {
  override readonly name = 'InvalidResponseError';
  readonly code = 'INVALID_RESPONSE';
}
