import { describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import type { ConnectionLifecycle } from '../../src/connections/connection.lifecycle.js';
import type { DeliveryAttempt } from '../../src/contracts/connection.transport.js';
import { FanOutEngine } from '../../src/fanout/fan-out.engine.js';
import { BroadcastReports } from '../../src/fanout/offload/broadcast.reports.js';
import { TransportRouter } from '../../src/fanout/transport.router.js';
import { CacheConnectionStore } from '../../src/index.js';
import { MemoryBroadcastLedger } from '../../src/stores/cache/memory-broadcast.ledger.js';
import { DeliveringTransport } from '../support/delivering.transport.js';
import { ManualClock } from '../support/manual.clock.js';

/** Throttles each message once. */
class ThrottlingTransport extends DeliveringTransport {
  private attempts = 0;

  deliver(): DeliveryAttempt {
    return this.attempts++ === 0 ? { status: 'throttled', mayRetry: true } : { status: 'delivered' };
  }
}

/** Timers that keep this process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('the process', () => {
  it('lives while a message waits for its next attempt, and no longer', async () => {
    const clock = new ManualClock();
    const store = new CacheConnectionStore(createCache(), { clock });
    const lifecycle = { isOpening: () => false } as Partial<ConnectionLifecycle> as ConnectionLifecycle;
    const settings = { clock, deliveryTimeoutMs: 10_000, fanout: { progressEveryMs: 1_000 } };
    const router = new TransportRouter([new ThrottlingTransport()], null);
    const engine = new FanOutEngine(store, lifecycle, router, settings);
    const before = timers();
    const statuses: string[] = [];
    const sending = engine.deliver({
      recipients: [[{ connectionId: 'a', connectedAt: 0, endpoint: 'test:' }]],
      payload: Uint8Array.of(1),
      onOutcome: (_, { status }) => void statuses.push(status),
    });
    await clock.advance(0);
    expect(timers()).toBe(before + 1);
    await clock.advance(10_000);
    await sending;
    expect(statuses).toEqual(['delivered']);
    expect(timers()).toBe(before);
  });

  it('lives while it waits for the report of a broadcast, and no longer', async () => {
    const clock = new ManualClock();
    const ledger = new MemoryBroadcastLedger(clock);
    await ledger.open('b');
    const before = timers();
    const waiting = new BroadcastReports(() => ledger, clock).until('b', { timeoutMs: 1_000 });
    await clock.advance(0);
    expect(timers()).toBe(before + 1);
    await clock.advance(1_000);
    await waiting;
    expect(timers()).toBe(before);
  });
});
