import { describe, expect, it } from '@jest/globals';
import { KeyedLock } from './keyed-lock.js';

describe('KeyedLock', () => {
  it('runs tasks of one key one after another, in the order in which they came', async () => {
    const lock = new KeyedLock();
    const order: string[] = [];
    const task = (name: string, turns: number) => async () => {
      order.push(`${name} starts`);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      order.push(`${name} ends`);
      return name;
    };
    await expect(Promise.all([lock.run('key', task('first', 5)), lock.run('key', task('second', 0))])).resolves.toEqual(
      ['first', 'second'],
    );
    expect(order).toEqual(['first starts', 'first ends', 'second starts', 'second ends']);
  });

  it('lets tasks of different keys run at the same time', async () => {
    const lock = new KeyedLock();
    const never = new Promise<never>(() => undefined);
    void lock.run('a', () => never);
    await expect(lock.run('b', async () => 'done')).resolves.toBe('done');
  });

  it('goes on after a task that failed, and tells only its caller', async () => {
    const lock = new KeyedLock();
    const failing = lock.run('key', () => Promise.reject(new Error('failed')));
    const next = lock.run('key', async () => 'done');
    await expect(failing).rejects.toThrow('failed');
    await expect(next).resolves.toBe('done');
  });
});
