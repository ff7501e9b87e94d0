import type { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import type { Clock } from '../contracts/clock.js';
import type { Connection } from '../contracts/connection.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import { forEachAtMost } from '../fanout/concurrency.gate.js';
import { Log } from '../logging/log.js';
import type { TransportRouter } from '../fanout/transport.router.js';
import { GatewayInquiry } from './gateway.inquiry.js';

/** How `cleanup` tells which connections have ended. */
export interface CleanupOptions {
  /**
   * Whether to ask the gateway of each stale connection before ending it, one request each. Alive ones are kept, and so are those
   * that no answer comes for.
   *
   * @default false
   */
  readonly askGateway?: boolean;
}

export interface SweepOptions {
  readonly clock: Clock;
  readonly staleAfterSeconds: number;
  /** How many connections are asked about and ended at once. */
  readonly maxConcurrentSends: number;
}

/**
 * Ends connections whose `$disconnect` never came. Any number of sweeps may run at once, in any number of processes: the store gives
 * each connection to one of them.
 */
export class StaleSweep {
  constructor(
    private readonly store: ConnectionStore,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly router: TransportRouter,
    private readonly options: SweepOptions,
    private readonly log = new Log(),
  ) {}

  /** Resolves how many connections it ended. */
  async run({ askGateway = false }: CleanupOptions = {}): Promise<number> {
    const { clock, staleAfterSeconds, maxConcurrentSends } = this.options;
    const now = clock.now();
    const inquiry = askGateway ? new GatewayInquiry(this.router) : null;
    let ended = 0;
    for await (const page of this.store.staleBefore(now - staleAfterSeconds * 1_000)) {
      const connections = await this.store.findMany(page);
      await forEachAtMost(maxConcurrentSends, page.entries(), async ([index, connectionId]) => {
        const isAlive = await this.isAlive(connections[index] ?? null, inquiry);
        if (isAlive === null) return;
        if (isAlive) await this.store.touch(connectionId, now);
        else if (await this.lifecycle.endQuietly(connectionId, { cause: 'stale' })) ended++;
      });
    }
    if (inquiry !== null) this.tellOfThoseLeft(inquiry);
    return ended;
  }

  private isAlive(connection: Connection | null, inquiry: GatewayInquiry | null): boolean | Promise<boolean | null> {
    // An id without a connection: ending it tidies up what is left of it.
    if (connection === null) return false;
    if (inquiry !== null) return inquiry.isAlive(connection);
    // What this process holds it knows without asking; nothing else is kept beyond its time.
    const route = this.router.route(connection);
    return route?.transport.isAlive(route.target) === true;
  }

  private tellOfThoseLeft({ unanswered, unreachable }: GatewayInquiry): void {
    if (unanswered + unreachable === 0) return;
    this.log.warn(
      'sweep.incomplete',
      `Stale connections left for the next sweep: ${unanswered + unreachable}. Their gateway gave no answer (it throttles, refuses or ` +
        `cannot be reached): ${unanswered}. This process cannot ask about them (their endpoint is not known, or their socket is ` +
        `another process's): ${unreachable}.`,
    );
  }
}
