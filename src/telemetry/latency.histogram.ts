import type { LatencyDistribution } from '../events/websocket-events.js';

/** Upper bounds in milliseconds: those that OpenTelemetry's conventions give for the duration of a request. */
export const LATENCY_BOUNDS_MS: readonly number[] = Object.freeze([
  5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
]);

/** Counts latencies by size. Takes the same memory for ten as for ten million. */
export class LatencyHistogram {
  private readonly counts: number[];
  private sumMs = 0;

  constructor(private readonly boundsMs: readonly number[] = LATENCY_BOUNDS_MS) {
    this.counts = new Array<number>(boundsMs.length + 1).fill(0);
  }

  record(latencyMs: number): void {
    let bucket = 0;
    // From the small ones up: most messages end after one or two steps.
    while (latencyMs > (this.boundsMs[bucket] ?? Infinity)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumMs += latencyMs;
  }

  /** What has been counted so far; it does not change with what comes later. */
  snapshot(): LatencyDistribution {
    return { boundsMs: this.boundsMs, counts: [...this.counts], sumMs: this.sumMs };
  }
}
