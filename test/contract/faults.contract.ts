import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../../src/errors/store-unavailable.error.js';
import { Fault, FAULT_MANNERS } from './fault.js';
import { outcomeOf, prepared, run, withstands } from './fault.trial.js';
import { CHANGES, READS } from './scenarios.js';
import { withSubject, type CreateSubject } from '../../src/testing/contract/races/subject.js';
import { failing } from '../../src/testing/contract/races/wire.js';

/** Every operation, on a line that breaks at each of its requests in turn. */
export function faultsContract(options: {
  readonly create: CreateSubject;
  readonly readsMemory: boolean;
  readonly placesLapseAfterMs: number;
}): void {
  const { create, readsMemory, placesLapseAfterMs } = options;

  describe('a backend out of reach', () => {
    it.each(Object.entries({ ...CHANGES, ...READS }))('makes %s reject', async (_, operation) => {
      await withSubject(create, async (subject) => {
        await prepared(subject);
        let requests = 0;
        subject.wire.intercept(failing(() => (requests++, 'unreached')));
        const outcome = await outcomeOf(operation, subject);
        if (requests > 0 || !readsMemory) expect(outcome).toEqual({ error: expect.any(StoreUnavailableError) });
        else expect(outcome).toEqual({ answer: await run(operation, await prepared()) });
      });
    });
  });

  describe('a request that fails', () => {
    describe.each(Object.entries(FAULT_MANNERS))('because it %s', (_, manner) => {
      it.each(Object.entries(CHANGES))('leaves nothing half done of %s', async (__, operation) => {
        let position = 0;
        const trial = () => ({ operation, manner, position, placesLapseAfterMs });
        while (await withSubject(create, (subject) => withstands(trial(), subject))) position++;
        if (!readsMemory) expect(position).toBeGreaterThan(0);
      });
    });

    it.each(Object.entries(READS))('never takes anything from the answer of %s', async (_, operation) => {
      await withSubject(create, async (subject) => {
        await prepared(subject);
        const answer = await run(operation, await prepared());
        for (let [position, isReached] = [0, true]; isReached; position++) {
          const fault = new Fault({ failure: 'unreached', survivor: 'caller' }, position);
          subject.wire.intercept(fault.intercept);
          const outcome = await outcomeOf(operation, subject);
          await subject.wire.quiet();
          isReached = fault.request !== undefined;
          if ('answer' in outcome) expect(outcome).toEqual({ answer });
        }
        subject.wire.intercept(null);
        await expect(run(operation, subject)).resolves.toEqual(answer);
      });
    });
  });
}
