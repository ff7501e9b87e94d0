import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createCache } from 'cache-manager';
import type { ConnectionLifecycle } from '../../src/connections/connection.lifecycle.js';
import { SystemClock, type Clock } from '../../src/contracts/clock.js';
import type {
  ConnectionTransport,
  AttemptLimits,
  DeliveryAttempt,
  DeliveryTarget,
  OutgoingMessage,
} from '../../src/contracts/connection.transport.js';
import type { RequestBudget } from '../../src/contracts/request.budget.js';
import { FanOutEngine } from '../../src/fanout/fan-out.engine.js';
import { MessageSender } from '../../src/fanout/message.sender.js';
import { HandOver } from '../../src/fanout/offload/hand-over.js';
import { ShardQueue } from '../../src/fanout/offload/shard.queue.js';
import type { SqsSender } from '../../src/fanout/offload/sqs.client.js';
import { ProcessRequestBudget } from '../../src/fanout/request.budget.js';
import { TransportRouter } from '../../src/fanout/transport.router.js';
import { CacheConnectionStore } from '../../src/index.js';
import { MemoryBroadcastLedger } from '../../src/stores/cache/memory-broadcast.ledger.js';
import { DeliveringTransport } from '../support/delivering.transport.js';
import { ManualClock } from '../support/manual.clock.js';

/** Takes every message, as soon as it may. */
class GatedTransport extends DeliveringTransport {
  readonly limits: AttemptLimits[] = [];

  constructor(private readonly gate: Promise<void>) {
    super();
  }

  async deliver(_target: DeliveryTarget, _message: OutgoingMessage, limits: AttemptLimits): Promise<DeliveryAttempt> {
    this.limits.push(limits);
    await this.gate;
    return { status: 'delivered' };
  }
}

/** Throttles every message. */
class ThrottlingTransport extends GatedTransport {
  override async deliver(...call: Parameters<GatedTransport['deliver']>): Promise<DeliveryAttempt> {
    await super.deliver(...call);
    return { status: 'throttled', mayRetry: true };
  }
}

function engineOf(clock: Clock, transport: ConnectionTransport, budget: RequestBudget | null = null): FanOutEngine {
  const store = new CacheConnectionStore(createCache(), { clock });
  const lifecycle = { isOpening: () => false } as Partial<ConnectionLifecycle> as ConnectionLifecycle;
  const settings = { clock, deliveryTimeoutMs: 10_000, fanout: { progressEveryMs: 1_000 } };
  return new FanOutEngine(store, lifecycle, new TransportRouter([transport], null), settings, budget);
}

const recipient = (connectionId: string) => ({ connectionId, connectedAt: 0, endpoint: 'test:' });
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

describe('the time that a broadcast may take', () => {
  it('may be longer than a timer counts, and for ever', async () => {
    for (const timeoutMs of [Infinity, Number.MAX_SAFE_INTEGER, 2 ** 31]) {
      // Long enough for a timer of 1 ms, which is what Node makes of what it cannot count.
      const sender = new MessageSender(engineOf(new SystemClock(), new GatedTransport(turn())), 1_000);
      const report = await sender.report({ recipients: [[recipient('a')]] }, 'x', { timeoutMs });
      expect(report).toEqual({ delivered: 1, gone: 0, throttled: 0, failed: 0 });
    }
  });

  it('counts while it is handed over, too', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const clock = new ManualClock();
    const silent: SqsSender = {
      send: (_, { abortSignal } = {}) =>
        new Promise((_resolve, reject) => abortSignal?.addEventListener('abort', () => reject(new Error('aborted')))),
    };
    const queue = new ShardQueue(() => silent, { queueUrl: 'https://sqs.test/q', clock, timeoutMs: 10_000 });
    const ledger = new MemoryBroadcastLedger(clock);
    const settings = { threshold: 5, shardSize: 10, keyPrefix: 'websocket:', clock };
    const handOver = new HandOver(() => ledger, queue, settings);
    const sender = new MessageSender(engineOf(clock, new GatedTransport(Promise.resolve())), 1_000, handOver);
    const ids = Array.from({ length: 1_000 }, (_, index) => `id-${index}`);
    let report: unknown;
    const sending = sender.report({ recipients: [ids] }, 'x', { timeoutMs: 2_000 }).then((result) => (report = result));
    for (let turns = 0; turns < 5; turns++) await turn();
    await clock.advance(1_999);
    expect(report).toBeUndefined();
    await clock.advance(1);
    await sending;
    expect(report).toMatchObject({ aborted: true, failed: 1_000, handedOver: { recipients: 0, shards: 0 } });
    expect(clock.pending).toBe(0);
    jest.restoreAllMocks();
  });
});

describe('the time that a message may take', () => {
  it('includes what it waited behind another one to the same connection', async () => {
    const clock = new ManualClock();
    let open = (): void => undefined;
    const transport = new GatedTransport(new Promise((resolve) => (open = resolve)));
    const engine = engineOf(clock, transport);
    const send = () =>
      engine.deliver({ recipients: [[recipient('a')]], payload: Uint8Array.of(1), onOutcome: () => undefined });
    const sending = [send(), send()];
    await clock.advance(0);
    await clock.advance(9_000);
    open();
    await Promise.all(sending);
    expect(transport.limits.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 1_000]);
  });

  it('includes the wait for the request budget: no attempt is made that nobody waits for', async () => {
    const clock = new ManualClock();
    const transport = new ThrottlingTransport(Promise.resolve());
    const engine = engineOf(clock, transport, new ProcessRequestBudget(1, clock));
    const statuses: string[] = [];
    const recipients = [Array.from({ length: 30 }, (_, index) => recipient(`id-${index}`))];
    const onOutcome = (_: string, { status }: DeliveryAttempt) => void statuses.push(status);
    const sending = engine.deliver({ recipients, payload: Uint8Array.of(1), onOutcome });
    await clock.advance(0);
    await clock.advance(200_000);
    await sending;
    expect(statuses).toEqual(recipients[0]?.map(() => 'throttled'));
    expect(Math.min(...transport.limits.map(({ timeoutMs }) => timeoutMs))).toBeGreaterThan(1);
  });
});
