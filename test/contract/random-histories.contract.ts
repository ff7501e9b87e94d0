import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import { StoreUnavailableError } from '../../src/errors/store-unavailable.error.js';
import { inTurn } from '../../src/testing/contract/races/operations.js';
import { exploreRace } from '../../src/testing/contract/races/race.js';
import { change, operationOf, step, STEP_NAMES, type Step } from './steps.js';
import { collect } from '../../src/testing/contract/store.harness.js';
import { expectAgreement, readState, type StoreState } from '../../src/testing/contract/races/store.state.js';
import {
  referenceSubject,
  withSubject,
  type CreateSubject,
  type Subject,
} from '../../src/testing/contract/races/subject.js';
import { failing, type Failure } from '../../src/testing/contract/races/wire.js';

/** Requests that nothing happens to, for each two that something does. */
const QUIET: readonly null[] = new Array<null>(10).fill(null);

/** How many orders are tried of each random race. */
const SCHEDULES = 3;

interface Done {
  readonly step: Step;
  /** `StoreUnavailableError` where there was none. */
  readonly answer: unknown;
}

/** Random histories of a store: step by step, all at once, and on a line that breaks. What fails is printed with the seed that repeats it. */
export function randomHistoriesContract(options: {
  readonly create: CreateSubject;
  readonly readsClock: boolean;
  readonly isWired: boolean;
  readonly runs: number;
}): void {
  const { create, readsClock, isWired, runs } = options;
  const history = fc.array(readsClock ? step : change, { minLength: 1, maxLength: 60 });
  const changes = fc.array(change, { minLength: 2, maxLength: 40 });
  const failures = fc.array(fc.constantFrom<Failure | null>(...QUIET, 'unreached', 'unanswered'), {
    minLength: 20,
    maxLength: 20,
  });

  describe('random histories', () => {
    it('are answered like the reference model answers them', async () => {
      const property = fc.asyncProperty(history, (steps) =>
        withSubject(create, async ({ stores: [store], clock }) => {
          const {
            stores: [model],
          } = referenceSubject(clock);
          for (const each of steps) {
            const answer = await operationOf(each)(store, clock);
            expect(answer).toEqual(each.kind === 'wait' ? answer : await operationOf(each)(model, clock));
          }
          const now = clock.now();
          const state = await readState(store, STEP_NAMES, now);
          expect(state).toEqual(await readState(model, STEP_NAMES, now));
          const longUnseen = async (of: ConnectionStore) => (await collect(of.staleBefore(now - 90_000))).sort();
          // Ids of connections that are gone may be among them.
          const stale = (await longUnseen(store)).filter((connectionId) => state.listed.includes(connectionId));
          expect(stale).toEqual(await longUnseen(model));
        }),
      );
      await fc.assert(property, { numRuns: runs });
    });

    it('leave records, lists and counts in agreement when everything happens at once', async () => {
      const property = fc.asyncProperty(changes, (steps) =>
        withSubject(create, async (subject) => {
          const done = await allAtOnce(subject, steps);
          expectBalance(done, await stateOf(subject));
        }),
      );
      await fc.assert(property, { numRuns: runs });
    });

    it('end like one order of whole steps when two or three of them race', async () => {
      const property = fc.asyncProperty(
        fc.array(change, { maxLength: 6 }),
        fc.array(change, { minLength: 2, maxLength: 3 }),
        async (before, racing) => {
          const actors = racing.map((each, index) => [`${index}: ${JSON.stringify(each)}`, operationOf(each)] as const);
          const race = { prepare: inTurn(...before.map(operationOf)), actors: Object.fromEntries(actors) };
          await exploreRace({ names: STEP_NAMES, ...race }, create, SCHEDULES);
        },
      );
      await fc.assert(property, { numRuns: Math.ceil(runs / SCHEDULES) });
    });

    if (!isWired) return;

    it('come to agreement when requests fail in between and what failed is tried again', async () => {
      const property = fc.asyncProperty(changes, failures, (steps, pattern) =>
        withSubject(create, async (subject) => {
          let [requests, failed] = [0, 0];
          const failureOf = (): Failure | null => {
            const failure = pattern[requests++ % pattern.length] ?? null;
            if (failure !== null) failed++;
            return failure;
          };
          subject.wire.intercept(failing(failureOf));
          const done = await allAtOnce(subject, steps);
          await subject.wire.quiet();
          subject.wire.intercept(null);
          const rejected = done.filter(({ answer }) => answer === StoreUnavailableError);
          const repeated = rejected.map((each) => each.step);
          expectBalance([...done, ...(await allAtOnce(subject, repeated))], await stateOf(subject), failed);
        }),
      );
      await fc.assert(property, { numRuns: runs });
    });
  });
}

/** Takes all steps at once, each in the next of the stores. */
function allAtOnce({ stores, clock }: Subject, steps: readonly Step[]): Promise<Done[]> {
  const taken = steps.map(async (each, index) => {
    const store = stores[index % stores.length] ?? stores[0];
    const answer = await operationOf(each)(store, clock).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreUnavailableError);
      return StoreUnavailableError;
    });
    return { step: each, answer };
  });
  return Promise.all(taken);
}

async function stateOf({ stores: [store], clock }: Subject): Promise<StoreState> {
  const state = await readState(store, STEP_NAMES, clock.now());
  expectAgreement(state);
  return state;
}

/**
 * Who came and did not go is there. A failed request may hide one coming or one going, even where the client repeated it by itself: by then others
 * may have changed what it could tell its own effect by.
 */
function expectBalance(done: readonly Done[], { listed }: StoreState, failedRequests = 0): void {
  for (const connectionId of STEP_NAMES.ids) {
    const own = done.filter(({ step: taken }) => 'id' in taken && taken.id === connectionId);
    const came = own.filter(({ answer }) => answer === true || answer === 'restored').length;
    const gone = own.filter(({ step: { kind }, answer }) => kind === 'remove' && isRecord(answer)).length;
    const present = listed.includes(connectionId) ? 1 : 0;
    expect(Math.abs(came - gone - present)).toBeLessThanOrEqual(failedRequests);
  }
}

function isRecord(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null;
}
