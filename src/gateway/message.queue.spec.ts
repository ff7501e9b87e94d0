import { describe, expect, it } from '@jest/globals';
import { MessageQueue } from './message.queue.js';

const LIMITS = { maxInFlightMessages: 3, maxInFlightBytes: 10 };

function open() {
  const handled: { readonly bytes: number; readonly finish: () => void }[] = [];
  const unread: boolean[] = [];
  const queue = new MessageQueue(
    {
      handle: ({ data }) => new Promise<void>((resolve) => handled.push({ bytes: data.byteLength, finish: resolve })),
      leaveUnread: (isUnread) => unread.push(isUnread),
    },
    LIMITS,
  );
  const add = (...sizes: number[]): void => {
    for (const size of sizes) queue.add({ data: Buffer.alloc(size), isBinary: false });
  };
  const sizes = (): number[] => handled.map(({ bytes }) => bytes);
  const finish = async (index: number): Promise<void> => {
    handled[index]?.finish();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, add, sizes, finish, isUnread: () => unread.at(-1) };
}

describe('the messages of a client', () => {
  it('are handled as many at once as may be, in their order, and the rest is left unread', async () => {
    const { add, sizes, finish, isUnread } = open();
    add(1, 2);
    expect(isUnread()).toBe(false);
    add(3, 4, 5);
    expect(sizes()).toEqual([1, 2, 3]);
    expect(isUnread()).toBe(true);
    await finish(1);
    expect(sizes()).toEqual([1, 2, 3, 4]);
    await finish(0);
    await finish(2);
    expect(sizes()).toEqual([1, 2, 3, 4, 5]);
    expect(isUnread()).toBe(false);
  });

  it('are handled up to so many bytes at once, one that is larger alone', async () => {
    const { queue, add, sizes, finish, isUnread } = open();
    add(100, 5, 5, 1);
    expect(sizes()).toEqual([100]);
    expect([isUnread(), queue.backlogBytes]).toEqual([true, 11]);
    await finish(0);
    expect(sizes()).toEqual([100, 5, 5]);
    expect([isUnread(), queue.backlogBytes]).toEqual([true, 1]);
    await finish(1);
    expect(sizes()).toEqual([100, 5, 5, 1]);
    expect([isUnread(), queue.backlogBytes]).toEqual([false, 0]);
  });

  it('are waited for until none is being handled', async () => {
    const { queue, add, finish } = open();
    await queue.idle();
    add(1, 1);
    let isIdle = false;
    void queue.idle().then(() => (isIdle = true));
    await finish(0);
    expect(isIdle).toBe(false);
    await finish(1);
    expect(isIdle).toBe(true);
  });
});
