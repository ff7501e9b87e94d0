import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { WebSocket } from '../../src/index.js';
import { ManualClock, websocketEvent } from '../../src/testing/index.js';

afterEach(() => {
  jest.useRealTimers();
});

describe('ManualClock', () => {
  it("moves on while the test runner's timers are fakes", async () => {
    jest.useFakeTimers();
    const clock = new ManualClock();
    const ran = new Promise<string>((resolve) => {
      clock.after(10, () => resolve('ran'));
    });
    await clock.advance(10);
    expect(await ran).toBe('ran');
  });

  it('runs what falls due in order, each at its own time, with what that schedules', async () => {
    const clock = new ManualClock(1_000);
    const seen: (readonly [string, number])[] = [];
    const see = (what: string) => seen.push([what, clock.now()]);
    clock.after(20, () => see('second'));
    clock.after(10, () => {
      see('first');
      clock.after(5, () => see('in between'));
    });
    const cancel = clock.after(15, () => see('cancelled'));
    cancel();
    clock.after(31, () => see('too late'));
    await clock.advance(30);
    expect(seen).toEqual([
      ['first', 1_010],
      ['in between', 1_015],
      ['second', 1_020],
    ]);
    expect([clock.now(), clock.pending]).toEqual([1_030, 1]);
  });

  it('resolves when what its tasks started has come to rest', async () => {
    const clock = new ManualClock();
    let isDone = false;
    clock.after(1, () => {
      void (async () => {
        for (let step = 0; step < 10; step++) await Promise.resolve();
        isDone = true;
      })();
    });
    await clock.advance(1);
    expect(isDone).toBe(true);
  });

  it('may be set without that any time passes', async () => {
    const clock = new ManualClock(0);
    clock.after(10, () => undefined);
    clock.setBy(60_000);
    await clock.advance(1);
    expect([clock.now(), clock.monotonicNow(), clock.pending]).toEqual([60_001, 1, 1]);
  });

  it('makes connections stale for a fake', async () => {
    const clock = new ManualClock();
    WebSocket.fake({ clock, staleAfterSeconds: 60 });
    await WebSocket.handle(websocketEvent.connect({ connectionId: 'a', at: clock.now() }));
    await clock.advance(59_000);
    expect(await WebSocket.cleanup()).toBe(0);
    await clock.advance(2_000);
    expect(await WebSocket.cleanup()).toBe(1);
  });
});
