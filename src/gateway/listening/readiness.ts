import type { HealthProbe } from '../../health/health.probe.js';

/** Why the process should get no new clients. */
export type Unreadiness = 'starting' | 'draining' | 'store-down';

/** Whether the gateway can take clients: it has started, it is not about to end, and the store answers. */
export class Readiness {
  private state: 'starting' | 'started' | 'draining' = 'starting';
  private asking: Promise<boolean> | undefined;

  constructor(private readonly health: HealthProbe) {}

  /** The application listens to events and the server to clients. */
  start(): void {
    if (this.state === 'starting') this.state = 'started';
  }

  /** From now on the gateway is not ready, and will not be again. */
  drain(): void {
    this.state = 'draining';
  }

  /** What is missing, `null` when nothing is. Takes as long as the store may take to answer, and never rejects. */
  async missing(): Promise<Unreadiness | null> {
    if (this.state !== 'started') return this.state;
    const isUp = await this.isStoreUp();
    // The time it took may have been the last of this process.
    if ((this.state as string) === 'draining') return 'draining';
    return isUp ? null : 'store-down';
  }

  /** Asks the store once for all who ask at the same time: whoever reaches a probe must not be able to keep the store busy. */
  private isStoreUp(): Promise<boolean> {
    this.asking ??= this.health
      .check()
      .then(({ status }) => status === 'up')
      .finally(() => (this.asking = undefined));
    return this.asking;
  }
}
