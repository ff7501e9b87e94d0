import type { ConnectionStore } from '../../../contracts/connection.store.js';
import { ManualClock } from '../../manual.clock.js';
import { ReferenceModel } from './reference.model.js';
import { ReferenceStore } from './reference.store.js';
import { EXPIRE_AFTER_MS } from '../store.harness.js';
import { Wire } from './wire.js';

/** An empty store on a wire, and the stores of other writers that share its state. */
export interface Subject {
  readonly stores: readonly [ConnectionStore, ...ConnectionStore[]];
  readonly clock: ManualClock;
  readonly wire: Wire;
}

/** Makes a subject with as many stores as there may be writers. */
export type CreateSubject = () => Promise<Subject>;

/** The reference model in the place of a store. */
export function referenceSubject(clock = new ManualClock()): Subject {
  const wire = new Wire();
  return { stores: [new ReferenceStore(new ReferenceModel(EXPIRE_AFTER_MS), clock, wire)], clock, wire };
}

/** Runs `test` on a fresh subject, and closes it. */
export async function withSubject<Result>(
  create: CreateSubject,
  test: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const subject = await create();
  try {
    return await test(subject);
  } finally {
    subject.wire.intercept(null);
    await Promise.all(subject.stores.map((store) => store.close()));
  }
}
