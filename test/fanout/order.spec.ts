import { describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import type { ConnectionLifecycle } from '../../src/connections/connection.lifecycle.js';
import type {
  ConnectionTransport,
  DeliveryAttempt,
  OutgoingMessage,
} from '../../src/contracts/connection.transport.js';
import { FanOutEngine } from '../../src/fanout/fan-out.engine.js';
import { TransportRouter } from '../../src/fanout/transport.router.js';
import { CacheConnectionStore } from '../../src/index.js';
import { DeliveringTransport } from '../support/delivering.transport.js';
import { ManualClock } from '../support/manual.clock.js';

/** Answers what the test says, at once or later. */
class ScriptedTransport extends DeliveringTransport {
  readonly taken: number[] = [];

  constructor(private readonly answer: (message: number) => DeliveryAttempt | Promise<DeliveryAttempt>) {
    super();
  }

  deliver(_: object, { payload }: OutgoingMessage): DeliveryAttempt | Promise<DeliveryAttempt> {
    const [message = 0] = payload;
    this.taken.push(message);
    return this.answer(message);
  }
}

async function engineWith(transport: ConnectionTransport): Promise<(message: number) => Promise<string>> {
  const clock = new ManualClock();
  const store = new CacheConnectionStore(createCache(), { clock });
  await store.add({
    connectionId: 'a',
    connectedAt: 0,
    userId: null,
    routeKey: '$connect',
    channels: [],
    endpoint: 'test:',
  });
  const lifecycle = { isOpening: () => false } as Partial<ConnectionLifecycle> as ConnectionLifecycle;
  const router = new TransportRouter([transport], null);
  const settings = { clock, deliveryTimeoutMs: 10_000, fanout: { progressEveryMs: 1_000 } };
  const engine = new FanOutEngine(store, lifecycle, router, settings);
  return async (message) => {
    let status = '';
    await engine.deliver({
      recipients: [['a']],
      payload: Uint8Array.of(message),
      onOutcome: (_, outcome) => (status = outcome.status),
    });
    return status;
  };
}

describe('messages to one connection', () => {
  it('end, those behind another as well, whether their answer takes time or is there at once', async () => {
    for (const isSlow of [
      (message: number) => message === 1,
      (message: number) => message % 2 === 0,
      () => true,
      () => false,
    ]) {
      const transport = new ScriptedTransport((message) => {
        const answer: DeliveryAttempt = { status: message === 3 ? 'failed' : 'delivered' };
        return isSlow(message) ? new Promise((resolve) => setImmediate(resolve, answer)) : answer;
      });
      const send = await engineWith(transport);
      expect(await Promise.all([1, 2, 3, 4, 5].map(send))).toEqual([
        'delivered',
        'delivered',
        'failed',
        'delivered',
        'delivered',
      ]);
      expect(transport.taken).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('may be very many, one behind the other', async () => {
    const transport = new ScriptedTransport((message) =>
      message === 0
        ? new Promise((resolve) => setImmediate(resolve, { status: 'delivered' }))
        : { status: 'delivered' },
    );
    const send = await engineWith(transport);
    const statuses = await Promise.all(Array.from({ length: 9_000 }, (_, index) => send(index === 0 ? 0 : 1)));
    expect(statuses.filter((status) => status === 'delivered')).toHaveLength(9_000);
  });

  it('reach a transport that throws as a failure, and the next one is sent', async () => {
    const transport = new ScriptedTransport((message) =>
      message === 1 ? Promise.reject(new Error('broken')) : message === 2 ? broken() : { status: 'delivered' },
    );
    const send = await engineWith(transport);
    expect(await Promise.all([send(1), send(2), send(3)])).toEqual(['failed', 'failed', 'delivered']);
  });
});

function broken(): never {
  throw new Error('broken');
}
