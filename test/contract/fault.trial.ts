import { expect } from '@jest/globals';
import { StoreUnavailableError } from '../../src/errors/store-unavailable.error.js';
import { aftermathOf } from '../../src/testing/contract/races/aftermath.js';
import { Fault, type FaultManner } from './fault.js';
import type { Operation } from '../../src/testing/contract/races/operations.js';
import { PREPARED, SCENARIO_NAMES } from './scenarios.js';
import { expectAgreement, readState, textOf, type StoreState } from '../../src/testing/contract/races/store.state.js';
import { referenceSubject, type Subject } from '../../src/testing/contract/races/subject.js';

/** Longer than any operation takes, however often it tries. */
const HANGS_AFTER_MS = 5_000;

/** One operation, one of whose requests fails. */
export interface Trial {
  readonly operation: Operation;
  readonly manner: FaultManner;
  /** Which request, counted from 0. */
  readonly position: number;
  /** How long a place that was taken for a join may stay taken when the process dies. */
  readonly placesLapseAfterMs: number;
}

/**
 * Runs an operation whose request at `position` fails. Resolves to false when it makes no such request.
 *
 * - It answers right, or rejects with `StoreUnavailableError`.
 * - A rejected operation has taken effect as a whole or not at all; its caller cannot know which. Whatever it left half done shows nowhere: no
 *   list and no count knows of it, and no later operation stumbles over it.
 * - Called again, it answers and ends like a first or a second call. So over both calls a removed connection is given to one caller, or to
 *   none when the answer was lost.
 */
export async function withstands(trial: Trial, subject: Subject): Promise<boolean> {
  await prepared(subject);
  const fault = new Fault(trial.manner, trial.position);
  subject.wire.intercept(fault.intercept);
  const outcome = await outcomeOf(trial.operation, subject);
  // Requests that it sent beside the one that failed may still be under way.
  await subject.wire.quiet();
  subject.wire.intercept(null);
  if (fault.request === undefined) return false;
  try {
    await verify(trial, subject, outcome);
  } catch (cause) {
    const told = 'answer' in outcome ? `answered ${JSON.stringify(outcome.answer)}` : 'rejected';
    const failed = `Request ${trial.position} failed: ${fault.request}. The operation ${told}.`;
    throw new Error(`${failed}\n${(cause as Error).message}`, { cause });
  }
  return true;
}

async function verify(trial: Trial, subject: Subject, outcome: Outcome): Promise<void> {
  const { operation, manner, placesLapseAfterMs } = trial;
  const [untouched, done] = [await prepared(), await prepared()];
  const answer = await run(operation, done);
  const [before, after, state] = [await stateOf(untouched), await stateOf(done), await stateOf(subject)];
  expectAgreement(state);
  expect([before, after]).toContainEqual(state);
  if ('answer' in outcome) expect([outcome.answer, state]).toEqual([answer, after]);

  const model = textOf(state) === textOf(after) ? done : untouched;
  if (manner.survivor === 'caller') {
    expect(await run(operation, subject)).toEqual(await run(operation, model));
    expect(await stateOf(subject)).toEqual(await stateOf(model));
  } else {
    for (const { clock } of [subject, model]) await clock.advance(placesLapseAfterMs);
  }
  const now = await stateOf(model);
  expect(await aftermathIn(subject, now)).toEqual(await aftermathIn(model, now));
}

/** The reference model in the place of a store, or another store, in the state that operations start from. */
export async function prepared(subject: Subject = referenceSubject()): Promise<Subject> {
  await PREPARED(subject.stores[0], subject.clock);
  return subject;
}

export function run(operation: Operation, { stores: [store], clock }: Subject): Promise<unknown> {
  return operation(store, clock);
}

export type Outcome = { readonly answer: unknown } | { readonly error: StoreUnavailableError };

/** What comes of an operation. Rejects when that is any other error, or nothing at all. */
export async function outcomeOf(operation: Operation, subject: Subject): Promise<Outcome> {
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

function stateOf({ stores: [store], clock }: Subject): Promise<StoreState> {
  return readState(store, SCENARIO_NAMES, clock.now());
}

function aftermathIn({ stores: [store], clock }: Subject, state: StoreState): Promise<unknown> {
  return aftermathOf(store, state, SCENARIO_NAMES, clock);
}
