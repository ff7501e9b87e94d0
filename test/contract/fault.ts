import { failing, type Failure, type Interceptor } from './wire.js';

/** How a line breaks: at one request, or from there on, as it does when the process dies. */
export interface FaultManner {
  readonly failure: Failure;
  readonly lasts: boolean;
}

export const FAULT_MANNERS: Readonly<Record<string, FaultManner>> = {
  'does not reach the backend': { failure: 'unreached', lasts: false },
  'takes effect, and its answer is lost': { failure: 'unanswered', lasts: false },
  'does not reach the backend, nor does any after it': { failure: 'unreached', lasts: true },
  'takes effect, its answer is lost, and no other reaches the backend': { failure: 'unanswered', lasts: true },
};

/** Fails the request number `position`, counted from 0. */
export class Fault {
  /** The request that failed; `undefined` as long as none did. */
  request: string | undefined;
  private seen = 0;

  constructor(
    private readonly manner: FaultManner,
    private readonly position: number,
  ) {}

  readonly intercept: Interceptor = failing((request) => {
    const { failure, lasts } = this.manner;
    const place = this.seen++;
    if (place === this.position) this.request = request;
    if (place > this.position && lasts) return 'unreached';
    return place === this.position ? failure : null;
  });
}
