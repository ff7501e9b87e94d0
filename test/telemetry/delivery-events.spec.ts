import { Logger } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventPublisher } from '../../src/events/event.publisher.js';
import type { FanOutObserver } from '../../src/fanout/fan-out.observer.js';
import { WebSocketEvents } from '../../src/index.js';
import { createObserver } from '../../src/telemetry/observer.factory.js';
import { end, progress, wanted } from './broadcast.js';

const { DeliveryCompleted, DeliveryProgress } = WebSocketEvents;

let emitter: EventEmitter2;
let observer: FanOutObserver;

beforeEach(async () => {
  emitter = new EventEmitter2({ wildcard: true });
  observer = await createObserver(new EventPublisher(() => emitter));
});

/** Collects the payloads of an event. */
function heard(event: string): unknown[] {
  const payloads: unknown[] = [];
  emitter.on(event, (payload: unknown) => void payloads.push(payload));
  return payloads;
}

describe('a broadcast that nobody listens to', () => {
  it('is not observed', () => {
    expect(observer.begin(() => 'b-1')).toBeNull();
  });

  it('is not observed for the sake of listeners of other events', () => {
    heard('websocket.message');
    heard('websocket.channel.*');
    expect(observer.begin(() => 'b-1')).toBeNull();
  });

  it('is not observed before there is an emitter', async () => {
    const early = await createObserver(
      new EventPublisher(() => {
        throw new Error('The event emitter is not ready.');
      }),
    );
    expect(early.begin(() => 'b-1')).toBeNull();
  });
});

describe('websocket.delivery.completed', () => {
  it('has the final counts, the duration and how it ended', async () => {
    const completed = heard(DeliveryCompleted);
    const observation = wanted(observer.begin(() => 'b-1'));
    await observation.ended(end({ delivered: 5, gone: 4, throttled: 3, failed: 2, elapsedMs: 1_234 }));
    expect(completed).toEqual([
      {
        broadcastId: 'b-1',
        recipients: 14,
        delivered: 5,
        gone: 4,
        throttled: 3,
        failed: 2,
        inFlight: 0,
        durationMs: 1_234,
        latency: expect.anything(),
        isAborted: false,
      },
    ]);
  });

  it('has the error that the call rejects with, and that it was given up', async () => {
    const completed = heard(DeliveryCompleted);
    const error = new Error('store down');
    await wanted(observer.begin(() => 'b-1')).ended(end({ isAborted: true, error }));
    expect(completed).toEqual([expect.objectContaining({ isAborted: true, error })]);
  });

  it('counts each latency in the bucket whose upper bound it does not exceed', async () => {
    const completed = heard(DeliveryCompleted);
    const observation = wanted(observer.begin(() => 'b-1'));
    for (const latencyMs of [0, 5, 5.1, 10, 99, 100, 10_000, 10_001, 600_000])
      observation.settled('delivered', latencyMs);
    await observation.ended(end());
    const boundsMs = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];
    const counts = [2, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2];
    expect(completed).toEqual([
      expect.objectContaining({ latency: { boundsMs, counts, sumMs: expect.closeTo(620_220.1) } }),
    ]);
  });

  it('is waited for', async () => {
    let isHeard = false;
    emitter.on(DeliveryCompleted, async () => {
      await new Promise(setImmediate);
      isHeard = true;
    });
    await wanted(observer.begin(() => 'b-1')).ended(end());
    expect(isHeard).toBe(true);
  });

  it.each(['websocket.**', 'websocket.delivery.*'])('reaches a listener of %s', async (pattern) => {
    const payloads = heard(pattern);
    await wanted(observer.begin(() => 'b-1')).ended(end());
    expect(payloads).toHaveLength(1);
  });

  it('reaches a listener of every event', async () => {
    const names: unknown[] = [];
    emitter.onAny((name) => void names.push(name));
    await wanted(observer.begin(() => 'b-1')).ended(end());
    expect(names).toEqual([DeliveryCompleted]);
  });
});

describe('websocket.delivery.progress', () => {
  it('has the counts and latencies so far, which later ones do not change', async () => {
    const told = heard(DeliveryProgress);
    const observation = wanted(observer.begin(() => 'b-1'));
    observation.settled('delivered', 3);
    observation.progress(progress({ delivered: 1, inFlight: 9, elapsedMs: 1_000 }));
    observation.settled('failed', 3);
    await observation.ended(end({ delivered: 1, failed: 9 }));
    expect(told).toEqual([
      expect.objectContaining({ recipients: 10, delivered: 1, failed: 0, inFlight: 9, durationMs: 1_000 }),
    ]);
    expect(told).toEqual([{ ...(told[0] as object), latency: expect.objectContaining({ sumMs: 3 }) }]);
  });

  it('is left out while listeners are busy with the last one, and the end waits for them', async () => {
    const order: string[] = [];
    let release = (): void => undefined;
    emitter.on(DeliveryProgress, async ({ delivered }: { delivered: number }) => {
      order.push(`begins ${delivered}`);
      await new Promise<void>((resolve) => (release = resolve));
      order.push(`ends ${delivered}`);
    });
    emitter.on(DeliveryCompleted, () => void order.push('completed'));
    const observation = wanted(observer.begin(() => 'b-1'));
    observation.progress(progress({ delivered: 1 }));
    observation.progress(progress({ delivered: 2 }));
    release();
    await new Promise(setImmediate);
    observation.progress(progress({ delivered: 3 }));
    const ended = observation.ended(end({ delivered: 4 }));
    await new Promise(setImmediate);
    expect(order).toEqual(['begins 1', 'ends 1', 'begins 3']);
    release();
    await ended;
    expect(order).toEqual(['begins 1', 'ends 1', 'begins 3', 'ends 3', 'completed']);
  });
});

describe('a listener that throws', () => {
  it('is logged and breaks nothing', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    emitter.on(DeliveryProgress, () => {
      throw new Error('no progress');
    });
    emitter.on(DeliveryCompleted, () => Promise.reject(new Error('no completion')));
    const observation = wanted(observer.begin(() => 'b-1'));
    observation.progress(progress());
    await observation.ended(end());
    expect(errors.mock.calls).toEqual([
      ['[listener.failed] A listener of "websocket.delivery.progress" failed.', expect.stringContaining('no progress')],
      [
        '[listener.failed] A listener of "websocket.delivery.completed" failed.',
        expect.stringContaining('no completion'),
      ],
    ]);
    errors.mockRestore();
  });
});
