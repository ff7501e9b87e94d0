import type { DeliveryStatus } from '../contracts/connection.transport.js';
import {
  FanOutObserver,
  type BroadcastObservation,
  type DeliveryEnd,
  type DeliveryProgress,
} from '../fanout/fan-out.observer.js';

/** Tells several observers. What only one of them wants to know costs no more than that one. */
export class CombinedObserver extends FanOutObserver {
  constructor(private readonly observers: readonly FanOutObserver[]) {
    super();
  }

  begin(broadcastId: () => string): BroadcastObservation | null {
    const observations = this.observers
      .map((observer) => observer.begin(broadcastId))
      .filter((observation) => observation !== null);
    return observations.length > 1 ? new CombinedObservation(observations) : (observations[0] ?? null);
  }
}

class CombinedObservation implements BroadcastObservation {
  constructor(private readonly observations: readonly BroadcastObservation[]) {}

  settled(status: DeliveryStatus, latencyMs: number): void {
    for (const observation of this.observations) observation.settled(status, latencyMs);
  }

  progress(progress: DeliveryProgress): void {
    for (const observation of this.observations) observation.progress(progress);
  }

  async ended(end: DeliveryEnd): Promise<void> {
    await Promise.all(this.observations.map(async (observation) => observation.ended(end)));
  }
}
