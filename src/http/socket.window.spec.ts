import { describe, expect, it } from '@jest/globals';
import { SocketWindow } from './socket.window.js';

const TLS = { max: 512, handshakeCostMs: 1, assumedLatencyMs: 10 };

/** Tells of answers that took `latencyMs` each. */
function answer(window: SocketWindow, count: number, latencyMs: number, now = 1_000): void {
  for (let index = 0; index < count; index++) window.delivered(now - latencyMs, now);
}

function throttle(window: SocketWindow, recipients: number, now: number, startedAt = now - 10): void {
  for (let index = 0; index < recipients; index++) window.throttled(`id-${index}`, startedAt, now);
}

describe('the number of sockets', () => {
  it.each([
    [100, 55],
    [1_000, 174],
    [10_000, 512],
  ])('is, for %i messages at 30 ms, about %i', (messages, sockets) => {
    const window = new SocketWindow({ ...TLS, assumedLatencyMs: 30 });
    expect(window.socketsFor(messages)).toBe(sockets);
  });

  it('is never more than there are messages', () => {
    expect(new SocketWindow(TLS).socketsFor(3)).toBe(3);
    expect(new SocketWindow(TLS).socketsFor(0)).toBe(0);
  });

  it('follows the least latency, which is not inflated by waiting for our own turn', () => {
    const window = new SocketWindow(TLS);
    window.delivered(0, 40);
    window.delivered(0, 90);
    expect(window.socketsFor(998)).toBe(200);
  });

  it('forgets a latency after a while', () => {
    const window = new SocketWindow(TLS);
    window.delivered(0, 1);
    window.delivered(6_000, 6_100);
    window.delivered(12_000, 12_100);
    window.rest();
    expect(window.socketsFor(100)).toBe(100);
  });

  it('grows with what a broadcast has done, and is small again after it', () => {
    const window = new SocketWindow(TLS);
    answer(window, 10_000, 10);
    expect(window.socketsFor(100)).toBe(100);
    expect(window.socketsFor(2_000)).toBe(347);
    window.rest();
    expect(window.socketsFor(2_000)).toBe(142);
  });

  it('does not follow refusals, which may come faster than a message is delivered', () => {
    const window = new SocketWindow(TLS);
    answer(window, 10, 30);
    for (let index = 0; index < 990; index++) window.refused(990, 1_000);
    expect(window.socketsFor(1_000)).toBe(245);
  });
});

describe('a throttled account', () => {
  it('has fewer requests under way, once for those that were under way together', () => {
    const window = new SocketWindow(TLS);
    throttle(window, 512, 1_000, 990);
    expect(window.capacity).toBe(358);
    throttle(window, 8, 1_100, 1_050);
    expect(window.capacity).toBe(250);
  });

  it('gets them back little by little', () => {
    const window = new SocketWindow(TLS);
    throttle(window, 8, 1_000);
    answer(window, 358, 10, 2_000);
    expect(window.capacity).toBeGreaterThan(358);
    expect(window.capacity).toBeLessThan(364);
    answer(window, 100_000, 10, 2_000);
    expect(window.capacity).toBe(512);
  });

  it('never comes to a standstill, nor above what is allowed', () => {
    const window = new SocketWindow(TLS);
    for (let round = 1; round < 50; round++) throttle(window, 8, round * 1_000);
    expect(window.capacity).toBe(8);
    const small = new SocketWindow({ ...TLS, max: 2 });
    throttle(small, 8, 1_000);
    expect(small.capacity).toBe(2);
  });

  it('is not one client that reads too slowly', () => {
    const window = new SocketWindow(TLS);
    for (let index = 0; index < 1_000; index++) window.throttled('slow', 990, 1_000);
    expect(window.capacity).toBe(512);
  });

  it('is not a few slow clients among many', () => {
    const window = new SocketWindow(TLS);
    answer(window, 100, 10, 1_000);
    throttle(window, 20, 1_010, 1_000);
    expect(window.capacity).toBe(512);
  });

  it('is not made up of what happened long apart', () => {
    const window = new SocketWindow(TLS);
    for (let index = 0; index < 20; index++) window.throttled(`id-${index}`, index * 200, index * 200 + 10);
    expect(window.capacity).toBe(512);
  });
});

describe('an overdue request', () => {
  it('is one that takes much longer than usual', () => {
    const window = new SocketWindow(TLS);
    expect(window.overdueAfterMs).toBe(1_000);
    answer(window, 10, 20);
    expect(window.overdueAfterMs).toBe(80);
  });
});
