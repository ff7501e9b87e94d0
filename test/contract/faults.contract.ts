import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../../src/errors/store-unavailable.error.js';
import { aftermathOf } from './aftermath.js';
import { Fault, FAULT_MANNERS, type FaultManner } from './fault.js';
import type { Operation } from './operations.js';
import { PREPARED, SCENARIO_NAMES, SCENARIOS } from './scenarios.js';
import { expectAgreement, readState, textOf } from './store.state.js';
import { referenceSubject, withSubject, type CreateSubject, type Subject } from './subject.js';
import { failing } from './wire.js';

/** Longer than any operation takes, however often it tries. */
const HANGS_AFTER_MS = 5_000;

/** Every operation, on a line that breaks at each of its requests in turn. */
export function faultsContract({ create, readsMemory }: { create: CreateSubject; readsMemory: boolean }): void {
  describe('a backend out of reach', () => {
    it.each(Object.entries(SCENARIOS))('makes %s reject with StoreUnavailableError', async (_, operation) => {
      await withSubject(create, async (subject) => {
        await prepare(subject);
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
      it.each(Object.entries(SCENARIOS))('does no harm to the %s', async (__, operation) => {
        for (const isRetried of [true, false]) {
          let position = 0;
          while (await withSubject(create, (subject) => withstand(operation, { manner, position, isRetried }, subject)))
            position++;
          if (!readsMemory) expect(position).toBeGreaterThan(0);
        }
      });
    });
  });
}

interface Trial {
  readonly manner: FaultManner;
  readonly position: number;
  readonly isRetried: boolean;
}

/**
 * Runs an operation whose request at `position` fails. Resolves to false when it makes no such request.
 *
 * - It answers right, or rejects with `StoreUnavailableError`.
 * - A rejected operation has taken effect as a whole or not at all; its caller cannot know which. Whatever it left half done shows nowhere: no list
 *   and no count knows it, no later operation stumbles over it.
 * - Called again, it answers and ends like a first or a second call. So over both calls a removed connection is given to one caller, or to
 *   none when the answer was lost.
 */
async function withstand(
  operation: Operation,
  { manner, position, isRetried }: Trial,
  subject: Subject,
): Promise<boolean> {
  const { stores, wire, clock } = subject;
  const [store] = stores;
  const [untouched, done] = [await prepared(), await prepared()];
  const [before, answer] = [await stateOf(untouched), await run(operation, done)];
  const after = await stateOf(done);

  await prepare(subject);
  const fault = new Fault(manner, position);
  wire.intercept(fault.intercept);
  const outcome = await outcomeOf(operation, subject);
  // Requests that it sent beside the one that failed may still be under way.
  await wire.quiet();
  wire.intercept(null);
  if (fault.request === undefined) return false;
  try {
    const state = await stateOf(subject);
    expectAgreement(state);
    if ('answer' in outcome) expect([outcome.answer, state]).toEqual([answer, after]);
    expect([before, after]).toContainEqual(state);
    const model = textOf(state) === textOf(after) ? done : untouched;
    if (isRetried) {
      expect(await run(operation, subject)).toEqual(await run(operation, model));
      expect(await stateOf(subject)).toEqual(await stateOf(model));
    }
    const settled = await stateOf(model);
    expect(await aftermathOf(store, settled, SCENARIO_NAMES, clock)).toEqual(
      await aftermathOf(model.stores[0], settled, SCENARIO_NAMES, model.clock),
    );
  } catch (cause) {
    const told = 'answer' in outcome ? `answered ${JSON.stringify(outcome.answer)}` : 'rejected';
    const followed = isRetried ? 'It was called again.' : 'It was left at that.';
    throw new Error(
      `Request ${position} failed: ${fault.request}. The operation ${told}. ${followed}\n${(cause as Error).message}`,
      { cause },
    );
  }
  return true;
}

async function prepare({ stores: [store], clock }: Subject): Promise<void> {
  await PREPARED(store, clock);
}

/** The reference model, in the state that operations start from. */
async function prepared(): Promise<Subject> {
  const subject = referenceSubject();
  await prepare(subject);
  return subject;
}

function run(operation: Operation, { stores: [store], clock }: Subject): Promise<unknown> {
  return operation(store, clock);
}

function stateOf({ stores: [store], clock }: Subject): ReturnType<typeof readState> {
  return readState(store, SCENARIO_NAMES, clock.now());
}

async function outcomeOf(operation: Operation, subject: Subject): Promise<{ answer: unknown } | { error: unknown }> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`There was no answer within ${HANGS_AFTER_MS} ms.`)), HANGS_AFTER_MS);
  });
  try {
    return { answer: await Promise.race([run(operation, subject), tooLong]) };
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return { error };
  } finally {
    clearTimeout(timer);
  }
}
