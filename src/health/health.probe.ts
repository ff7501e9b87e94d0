import { inTime, LATE, monotonicNow, type Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import { reasonOf } from './failure.reason.js';

/** What `WebSocketManager.health` answers. */
export interface WebSocketHealth {
  /** `down` while the store does not answer: then no connection is accepted and no recipient is found. */
  readonly status: 'up' | 'down';
  /** How long the store took to answer or to fail, in milliseconds. */
  readonly latencyMs: number;
  /** Why it is down, in one word such as `ECONNREFUSED` or `TimeoutError`. */
  readonly reason?: string;
}

export interface HealthProbeOptions {
  readonly clock: Clock;
  /** How long the store may take to answer. */
  readonly storeTimeoutMs: number;
}

/** Asks the store whether it answers. Never rejects, and never takes longer than the store may. */
export class HealthProbe {
  constructor(
    private readonly store: ConnectionStore,
    private readonly options: HealthProbeOptions,
  ) {}

  async check(): Promise<WebSocketHealth> {
    const { clock, storeTimeoutMs } = this.options;
    const startedAt = monotonicNow(clock);
    const reason = await inTime(clock, storeTimeoutMs, this.failure());
    const latencyMs = monotonicNow(clock) - startedAt;
    if (reason === null) return { status: 'up', latencyMs };
    return { status: 'down', latencyMs, reason: reason === LATE ? 'TimeoutError' : reason };
  }

  private async failure(): Promise<string | null> {
    try {
      await this.store.ping();
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }
}
