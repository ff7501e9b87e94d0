import { fail } from 'node:assert/strict';
import { aftermathOf } from './aftermath.js';
import { Interleaving, type Actor } from './interleaving.js';
import type { Operation } from './operations.js';
import { ScheduleSearch } from './schedule.search.js';
import { expectAgreement, readState, textOf, type Names, type StoreState } from './store.state.js';
import { referenceSubject, withSubject, type CreateSubject, type Subject } from './subject.js';

/** Operations that run at once on a state that was prepared one step at a time. */
export interface Race {
  readonly names: Names;
  readonly prepare: Operation;
  readonly actors: Readonly<Record<string, Operation>>;
  /** What the race is about, said of the answers in the order of the actors. The model says all the rest. */
  readonly verify?: (answers: readonly unknown[], state: StoreState) => void;
}

/** What came of a race: answers, state, and what later operations make of it. */
type Result = readonly [answers: readonly unknown[], state: StoreState, aftermath: unknown];

interface Outcome {
  readonly result: Result;
  readonly interleaving: Interleaving;
}

/**
 * Runs a race in every order of its steps, or in `limit` of them, and holds each outcome against the reference model: it has to be that
 * of one order of whole operations, in which whoever was done before another began comes first. Resolves to how many orders were tried.
 */
export async function exploreRace(race: Race, create: CreateSubject, limit = Infinity): Promise<number> {
  const legal: Outcome[] = [];
  await playAll(race, { create: async () => referenceSubject(), isReference: true }, (outcome) => legal.push(outcome));
  const search = await playAll(race, { create, limit }, ({ result, interleaving }) => {
    const { order } = interleaving;
    const inOrder = legal.filter((each) => order.every((pair) => each.interleaving.order.includes(pair)));
    const possible = new Map(inOrder.map((each) => [textOf(each.result), each.result]));
    if (possible.has(textOf(result))) return;
    const might = [...possible.keys()].map((text) => `  ${text}`).join('\n');
    fail(`No order of whole operations comes to this:\n  ${textOf(result)}\nIt might have come to:\n${might}`);
  });
  return search.walks;
}

interface Play {
  readonly create: CreateSubject;
  readonly limit?: number;
  /** Its operations are whole steps. */
  readonly isReference?: boolean;
}

async function playAll(race: Race, options: Play, onOutcome: (outcome: Outcome) => unknown): Promise<ScheduleSearch> {
  const { create, limit = Infinity, isReference = false } = options;
  const search = new ScheduleSearch();
  while (!search.isComplete && search.walks < limit) {
    await search.walk((choose) =>
      withSubject(create, async (subject) => {
        await race.prepare(subject.stores[0], subject.clock);
        const interleaving = new Interleaving(actorsOf(race, subject), {
          beginsAtOnce: isReference,
          answersTravel: !isReference && subject.stores.length === 1,
        });
        await interleaving.run(subject.wire, choose);
        try {
          onOutcome({ result: await resultOf(race, subject, interleaving.answers), interleaving });
        } catch (cause) {
          throw interleaving.explained(cause);
        }
      }),
    );
  }
  return search;
}

function actorsOf({ actors }: Race, { stores, clock }: Subject): Actor[] {
  return Object.entries(actors).map(([name, run], index) => {
    const store = stores[index % stores.length] ?? stores[0];
    return { name, run: () => run(store, clock) };
  });
}

async function resultOf({ names, verify }: Race, subject: Subject, answers: readonly unknown[]): Promise<Result> {
  const { stores, clock } = subject;
  const state = await readState(stores[0], names, clock.now());
  expectAgreement(state);
  verify?.(answers, state);
  return [answers, state, await aftermathOf(stores[0], state, names, clock)];
}
