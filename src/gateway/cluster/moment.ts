import { monotonicNow, type Clock } from '../../contracts/clock.js';

/** By both clocks of the machine. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { wallMs: clock.now(), monotonicMs: monotonicNow(clock) };
}

/** The more that either clock shows: the one stands still while the machine is suspended, the other may be set back. */
export function elapsedMs(clock: Clock, since: Moment): number {
  return Math.max(clock.now() - since.wallMs, monotonicNow(clock) - since.monotonicMs);
}
