import { describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import type { ConnectionLifecycle } from '../../src/connections/connection.lifecycle.js';
import type {
  ConnectionTransport,
  DeliveryAttempt,
  DeliveryTarget,
  OutgoingMessage,
} from '../../src/contracts/connection.transport.js';
import { FanOutEngine } from '../../src/fanout/fan-out.engine.js';
import { TransportRouter } from '../../src/fanout/transport.router.js';
import { CacheConnectionStore } from '../../src/index.js';
import { DeliveringTransport } from '../support/delivering.transport.js';
import { ManualClock } from '../support/manual.clock.js';

const DELIVERED: DeliveryAttempt = { status: 'delivered' };

/** Answers at once, as sockets of this process do, and takes `costMs` of the processor for each message. */
class BusyTransport extends DeliveringTransport {
  deliveries = 0;
  onDeliver: ((target: DeliveryTarget, message: OutgoingMessage) => void) | null = null;
  readonly flushed: { readonly after: number; readonly message: OutgoingMessage }[] = [];

  constructor(private readonly costMs: number) {
    super();
  }

  deliver(target: DeliveryTarget, message: OutgoingMessage): DeliveryAttempt | Promise<DeliveryAttempt> {
    this.onDeliver?.(target, message);
    this.deliveries++;
    const until = performance.now() + this.costMs;
    while (performance.now() < until);
    return DELIVERED;
  }

  override flush(message: OutgoingMessage): void {
    this.flushed.push({ after: this.deliveries, message });
  }
}

/** Gathers messages until it is told to send them. */
class GatheringTransport extends BusyTransport {
  private gathered: (() => void)[] = [];

  override deliver(): Promise<DeliveryAttempt> {
    this.deliveries++;
    return new Promise((resolve) => this.gathered.push(() => resolve(DELIVERED)));
  }

  override flush(message: OutgoingMessage): void {
    super.flush(message);
    for (const send of this.gathered.splice(0)) send();
  }
}

function engineWith(transport: ConnectionTransport): FanOutEngine {
  const clock = new ManualClock();
  const store = new CacheConnectionStore(createCache(), { clock });
  const lifecycle = { isOpening: () => false } as Partial<ConnectionLifecycle> as ConnectionLifecycle;
  const settings = { clock, deliveryTimeoutMs: 10_000, fanout: { progressEveryMs: 1_000 } };
  return new FanOutEngine(store, lifecycle, new TransportRouter([transport], null), settings);
}

/** Pages as a store gives them. */
async function* later<Page>(pages: readonly Page[]): AsyncGenerator<Page> {
  for (const page of pages) yield Promise.resolve(page);
}

function sendTo(engine: FanOutEngine, count: number, pageSize = count, message = 1) {
  const all = Array.from({ length: count }, (_, index) => ({
    connectionId: `id-${index}`,
    connectedAt: 0,
    endpoint: 'local:test',
  }));
  const recipients = Array.from({ length: Math.ceil(count / pageSize) }, (_, page) =>
    all.slice(page * pageSize, (page + 1) * pageSize),
  );
  let delivered = 0;
  const onOutcome = (): void => {
    delivered++;
  };
  const payload = Uint8Array.of(message);
  return engine.deliver({ recipients: later(recipients), payload, onOutcome }).then(() => delivered);
}

describe('a message to many sockets of this process', () => {
  it('lets everything else have its turn every few milliseconds', async () => {
    const transport = new BusyTransport(0.05);
    const sending = sendTo(engineWith(transport), 2_000);
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    await sending;
    clearInterval(others);
    // 100 ms of work, in stretches of 5 ms and what 64 deliveries take.
    expect(turns).toBeGreaterThanOrEqual(8);
  });

  it('holds up everything else no longer where there are very many such messages at once', async () => {
    const engine = engineWith(new BusyTransport(0.01));
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    const delivered = await Promise.all(Array.from({ length: 100 }, () => sendTo(engine, 400)));
    clearInterval(others);
    expect(delivered).toEqual(delivered.map(() => 400));
    // 400 ms of work in stretches of 5 ms; each message by itself is done within one.
    expect(turns).toBeGreaterThanOrEqual(20);
  });

  it('lets one that is small go before one that is large is over', async () => {
    const engine = engineWith(new BusyTransport(0.05));
    const ended: string[] = [];
    const large = sendTo(engine, 2_000).then(() => ended.push('large'));
    await new Promise((resolve) => setImmediate(resolve));
    await sendTo(engine, 100).then(() => ended.push('small'));
    await large;
    expect(ended).toEqual(['small', 'large']);
  });

  it('reaches each socket in the order in which such messages were sent', async () => {
    const reached = new Map<string, number[]>();
    const transport = new BusyTransport(0.02);
    transport.onDeliver = ({ connectionId }, { payload }) => {
      reached.set(connectionId, [...(reached.get(connectionId) ?? []), payload[0]!]);
    };
    const engine = engineWith(transport);
    // Each waits for a page of the store, and sends for longer than a turn lasts.
    const sendings = Array.from({ length: 60 }, (_, index) => sendTo(engine, 300, 300, index));
    await Promise.all(sendings);
    const inOrder = sendings.map((_, index) => index);
    for (const messages of reached.values()) expect(messages).toEqual(inOrder);
  });

  it('reaches a socket in that order on a machine that is too busy to get on with it', async () => {
    const reached: number[] = [];
    const transport = new BusyTransport(0.6);
    transport.onDeliver = ({ connectionId }, { payload }) => {
      if (connectionId === 'id-199') reached.push(payload[0]!);
    };
    const engine = engineWith(transport);
    const last = { connectionId: 'id-199', connectedAt: 0, endpoint: 'local:test' };
    await Promise.all([
      sendTo(engine, 200, 200, 1),
      engine.deliver({ recipients: later([[last]]), payload: Uint8Array.of(2), onOutcome: () => undefined }),
    ]);
    expect(reached).toEqual([1, 2]);
  });

  it('does not pause at all when it is small', async () => {
    const transport = new BusyTransport(0);
    let isOver = false;
    const sending = sendTo(engineWith(transport), 50).then(() => (isOver = true));
    const before = await new Promise<boolean>((resolve) => setImmediate(() => resolve(isOver)));
    await sending;
    expect(before).toBe(true);
  });
});

describe('a transport that gathers deliveries', () => {
  it('is told to send them once all recipients of a call are known, whatever pages they came in', async () => {
    const transport = new GatheringTransport(0);
    expect(await sendTo(engineWith(transport), 1_500, 250)).toBe(1_500);
    expect(transport.flushed.map(({ after }) => after)).toEqual([1_500]);
  });

  it('is told to send them when so many are outstanding that no more are started', async () => {
    const transport = new GatheringTransport(0);
    expect(await sendTo(engineWith(transport), 5_000, 1_000)).toBe(5_000);
    expect(transport.flushed.map(({ after }) => after)).toEqual([2_048, 4_096, 5_000]);
    expect(new Set(transport.flushed.map(({ message }) => message)).size).toBe(1);
  });
});
