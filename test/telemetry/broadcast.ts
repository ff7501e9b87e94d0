import type { BroadcastObservation, DeliveryEnd, DeliveryProgress } from '../../src/fanout/fan-out.observer.js';

/** How far a broadcast is, told only what matters. */
export function progress(fields: Partial<DeliveryProgress> = {}): DeliveryProgress {
  return {
    broadcastId: 'b-1',
    delivered: 0,
    gone: 0,
    throttled: 0,
    failed: 0,
    inFlight: 0,
    elapsedMs: 0,
    ...fields,
  };
}

/** How a broadcast ended, told only what matters. */
export function end(fields: Partial<DeliveryEnd> = {}): DeliveryEnd {
  return { ...progress(), isAborted: false, ...fields };
}

/** An observation that somebody must have wanted. */
export function wanted(observation: BroadcastObservation | null): BroadcastObservation {
  if (observation === null) throw new Error('Nobody wanted to know of the broadcast.');
  return observation;
}
