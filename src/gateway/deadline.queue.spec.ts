import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual.clock.js';
import { Clock, type CancelTask } from '../contracts/clock.js';
import { DeadlineQueue, type Dated } from './deadline.queue.js';

interface Task extends Dated {
  readonly name: number;
}

const task = (name: number): Task => ({ name, dueAtMs: 0, queueIndex: -1 });

/** Numbers that look random and are the same every time. */
function pseudoRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state % below;
  };
}

describe('a deadline queue', () => {
  it('takes a thousand items in the order of their deadlines, each on time, whatever is moved and removed meanwhile', async () => {
    const clock = new ManualClock();
    const startMs = clock.now();
    const taken: { name: number; atMs: number }[] = [];
    const queue = new DeadlineQueue<Task>(clock, ({ name }, nowMs) => taken.push({ name, atMs: nowMs - startMs }));
    const random = pseudoRandom(7);
    const deadlines = new Map<number, number>();
    const tasks = Array.from({ length: 1_000 }, (_, name) => task(name));
    for (const item of tasks) {
      deadlines.set(item.name, random(5_000));
      queue.schedule(item, startMs + deadlines.get(item.name)!);
    }
    for (let change = 0; change < 1_000; change++) {
      const item = tasks[random(tasks.length)]!;
      if (random(3) === 0) {
        queue.remove(item);
        deadlines.delete(item.name);
      } else {
        deadlines.set(item.name, random(5_000));
        queue.schedule(item, startMs + deadlines.get(item.name)!);
      }
    }
    expect(queue.size).toBe(deadlines.size);
    await clock.advance(5_000);
    expect(taken.every(({ atMs }, index) => index === 0 || atMs >= taken[index - 1]!.atMs)).toBe(true);
    expect(new Map(taken.map(({ name, atMs }) => [name, atMs]))).toEqual(deadlines);
    expect(taken).toHaveLength(deadlines.size);
    expect(queue.size).toBe(0);
  });

  it('has one timer for all of its items, and none without items', () => {
    const clock = new ManualClock();
    const queue = new DeadlineQueue<Task>(clock, () => undefined);
    const tasks = Array.from({ length: 100 }, (_, name) => task(name));
    expect(clock.pending).toBe(0);
    for (const item of tasks) queue.schedule(item, clock.now() + 1_000 - item.name);
    expect(clock.pending).toBe(1);
    for (const item of tasks) queue.remove(item);
    expect(clock.pending).toBe(0);
  });

  it('lets go of the event loop after a thousand items', async () => {
    const clock = new ManualClock();
    let taken = 0;
    const queue = new DeadlineQueue<Task>(clock, () => taken++);
    for (let name = 0; name < 2_500; name++) queue.schedule(task(name), clock.now() + 10);
    const counts: number[] = [];
    for (let step = 0; step < 4; step++) {
      const inThisTurn = clock.advance(step === 0 ? 10 : 0);
      counts.push(taken);
      await inThisTurn;
    }
    expect(counts[0]).toBe(1_000);
    expect(taken).toBe(2_500);
  });

  it('judges nobody at once after the process stood still: what arrived meanwhile is read first', () => {
    const clock = new StoppingClock();
    const taken: number[] = [];
    const queue = new DeadlineQueue<Task>(clock, ({ name }) => taken.push(name));
    const quiet = task(1);
    const heard = task(2);
    queue.schedule(quiet, 10_000);
    queue.schedule(heard, 10_000);
    // SIGSTOP, and on an hour later: the timer runs before any socket is read.
    clock.time = 3_610_000;
    clock.runDue();
    expect(taken).toEqual([]);
    queue.schedule(heard, clock.time + 10_000);
    clock.runDue();
    expect(taken).toEqual([]);
    clock.time += 1_000;
    clock.runDue();
    expect(taken).toEqual([1]);
    expect(queue.size).toBe(1);
  });
});

/** A clock whose time may jump without its timers having run. */
class StoppingClock extends Clock {
  time = 0;
  private tasks: { readonly atMs: number; readonly run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(delayMs: number, run: () => void): CancelTask {
    const scheduled = { atMs: this.time + delayMs, run };
    this.tasks.push(scheduled);
    return () => void (this.tasks = this.tasks.filter((other) => other !== scheduled));
  }

  runDue(): void {
    for (const { atMs, run } of [...this.tasks]) {
      if (atMs > this.time) continue;
      this.tasks = this.tasks.filter((other) => other.run !== run);
      run();
    }
  }
}
