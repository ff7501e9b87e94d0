/** A lease that a node renews in time on a machine that is busy with other tests. */
export const LEASE = Object.freeze({ leaseMs: 3_000, answerTimeoutMs: 2_000 });
