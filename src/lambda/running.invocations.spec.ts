import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { RunningInvocations } from './running.invocations.js';

/** What an invocation has begun, and not finished when it ended: the request id that it finds once it wakes. */
async function leftBehind(invocations: RunningInvocations, requestId: string) {
  let wake: () => void = () => undefined;
  const woken = new Promise<void>((resolve) => (wake = resolve));
  let seen = Promise.resolve<string | undefined>('not asked');
  await invocations.run(requestId, async (within) => {
    seen = within(() => woken.then(() => invocations.requestId));
  });
  return { wake, seen: () => seen };
}

describe('the request id', () => {
  it('is that of the invocation, wherever its work goes, with others beside it', async () => {
    const invocations = new RunningInvocations();
    const seen = async (): Promise<string | undefined> => {
      await turn();
      return invocations.requestId;
    };
    expect(await Promise.all(['r-1', 'r-2'].map((id) => invocations.run(id, (within) => within(seen))))).toEqual([
      'r-1',
      'r-2',
    ]);
    expect(invocations.requestId).toBeUndefined();
  });

  it('of what an earlier invocation began is that of the only one that is running', async () => {
    const invocations = new RunningInvocations();
    const { wake, seen } = await leftBehind(invocations, 'r-1');
    await invocations.run('r-2', async () => {
      wake();
      expect(await seen()).toBe('r-2');
    });
  });

  it('of what an earlier invocation began is unknown with several that are running', async () => {
    const invocations = new RunningInvocations();
    const { wake, seen } = await leftBehind(invocations, 'r-1');
    const others = ['r-2', 'r-3'].map((id) => invocations.run(id, seen));
    wake();
    expect(await Promise.all(others)).toEqual([undefined, undefined]);
  });

  it('is unknown after an invocation that failed', async () => {
    const invocations = new RunningInvocations();
    const failing = invocations.run('r-1', () => Promise.reject(new Error('It failed.')));
    await expect(failing).rejects.toThrow('It failed.');
    expect(invocations.requestId).toBeUndefined();
  });
});
