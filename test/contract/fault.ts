import { failing, type Failure, type Interceptor } from '../../src/testing/contract/races/wire.js';

/** How a line breaks at a request, and what happens then. */
export interface FaultManner {
  readonly failure: Failure;
  /** `caller`: it works again, and the caller tries again. `nobody`: no other request comes through, as when the process dies. */
  readonly survivor: 'caller' | 'nobody';
}

/** Not there: death before a request. It is the same as death after the one before it. */
export const FAULT_MANNERS: Readonly<Record<string, FaultManner>> = {
  'does not reach the backend': { failure: 'unreached', survivor: 'caller' },
  'takes effect, and its answer is lost': { failure: 'unanswered', survivor: 'caller' },
  'is the last before the process dies': { failure: 'unanswered', survivor: 'nobody' },
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
    const { failure, survivor } = this.manner;
    const place = this.seen++;
    if (place === this.position) this.request = request;
    if (place > this.position && survivor === 'nobody') return 'unreached';
    return place === this.position ? failure : null;
  });
}
