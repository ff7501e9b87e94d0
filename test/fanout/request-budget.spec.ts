import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createRequestBudget, ProcessRequestBudget } from '../../src/fanout/request.budget.js';
import { ManualClock } from '../support/manual.clock.js';

describe('the request budget of a process', () => {
  const open = (requestsPerSecond: number) => {
    const clock = new ManualClock();
    return { clock, budget: new ProcessRequestBudget(requestsPerSecond, clock) };
  };

  /** Takes one and notes when, under that name. */
  const taker = (budget: ProcessRequestBudget, clock: ManualClock) => {
    const start = clock.now();
    const taken: [string, number][] = [];
    const take = (name: string, signal?: AbortSignal): void => {
      const turn = budget.take(signal);
      if (turn === undefined) taken.push([name, clock.now() - start]);
      else void turn.then(() => taken.push([name, clock.now() - start]));
    };
    return { taken, take };
  };

  it('gives 100 ms worth of requests at once, and then as many a second as it says', async () => {
    const { clock, budget } = open(1_000);
    const { taken, take } = taker(budget, clock);
    for (let index = 0; index < 1_100; index++) take(String(index));
    expect(taken).toHaveLength(100);
    await clock.advance(500);
    expect(taken).toHaveLength(600);
    await clock.advance(500);
    expect(taken).toHaveLength(1_100);
    expect(clock.pending).toBe(0);
  });

  it('lets even one request in ten seconds through, one at a time', async () => {
    const { clock, budget } = open(1);
    const { taken, take } = taker(budget, clock);
    for (const name of ['a', 'b', 'c']) take(name);
    await clock.advance(3_000);
    expect(taken).toEqual([
      ['a', 0],
      ['b', 1_000],
      ['c', 2_000],
    ]);
  });

  it('keeps the order in which requests came, also where one comes when the next is due', async () => {
    const { clock, budget } = open(10);
    const { taken, take } = taker(budget, clock);
    for (const name of ['a', 'b', 'c']) take(name);
    await clock.advance(100);
    take('d');
    await clock.advance(1_000);
    expect(taken.map(([name]) => name)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('saves up no more than the burst however long nothing was asked', async () => {
    const { clock, budget } = open(1_000);
    await clock.advance(3_600_000);
    const { taken, take } = taker(budget, clock);
    for (let index = 0; index < 500; index++) take(String(index));
    expect(taken).toHaveLength(100);
  });

  it('ends a wait whose signal is aborted, and gives its turn to the next', async () => {
    const { clock, budget } = open(10);
    const { taken, take } = taker(budget, clock);
    const abort = new AbortController();
    take('a');
    take('b', abort.signal);
    take('c');
    await clock.advance(50);
    abort.abort();
    await clock.advance(0);
    expect(taken).toEqual([
      ['a', 0],
      ['b', 50],
    ]);
    await clock.advance(1_000);
    expect(taken.at(-1)).toEqual(['c', 100]);
  });

  it('listens to a signal once, however many wait with it, and not at all after that', async () => {
    for (const isAborted of [false, true]) {
      const { clock, budget } = open(10);
      const { taken, take } = taker(budget, clock);
      const controller = new AbortController();
      for (let index = 0; index < 12; index++) take(String(index), controller.signal);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
      if (isAborted) controller.abort();
      await clock.advance(isAborted ? 0 : 2_000);
      expect(taken).toHaveLength(12);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    }
  });

  it('makes nobody wait for a clock that was set back', async () => {
    const clock = new ManualClock();
    let offset = 0;
    const budget = new ProcessRequestBudget(10, {
      now: () => clock.now() + offset,
      after: (delayMs, task) => clock.after(delayMs, task),
    });
    const { taken, take } = taker(budget, clock);
    take('a');
    offset = -3_600_000;
    take('b');
    await clock.advance(200);
    expect(taken.map(([name]) => name)).toEqual(['a', 'b']);
  });

  it('is none without a number, and that of the process where the store cannot share one', () => {
    const clock = new ManualClock();
    const store = { requestQuota: () => null };
    expect(createRequestBudget(null, store, clock)).toBeNull();
    const budget = createRequestBudget(10, store, clock);
    expect(budget?.take()).toBeUndefined();
    expect(budget?.take()).toBeInstanceOf(Promise);
  });
});
