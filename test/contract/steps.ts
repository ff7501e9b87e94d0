import fc from 'fast-check';
import type { JoinLimits } from '../../src/contracts/connection.store.js';
import * as operations from '../../src/testing/contract/races/operations.js';
import type { Operation } from '../../src/testing/contract/races/operations.js';
import type { Names } from '../../src/testing/contract/races/store.state.js';

/** One step of a random history, as data, so that a failing history can be printed and shrunk. */
export type Step =
  | { readonly kind: 'add' | 'ensure'; readonly id: string; readonly userId: string | null }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'join'; readonly id: string; readonly channel: string; readonly limits: JoinLimits }
  | { readonly kind: 'leave'; readonly id: string; readonly channel: string }
  | { readonly kind: 'touch'; readonly id: string; readonly agoMs: number }
  | { readonly kind: 'wait'; readonly ms: number };

/** Few, so that steps meet. */
export const STEP_NAMES: Names = {
  ids: ['a', 'b', 'c', '__proto__'],
  users: ['ada', 'constructor'],
  channels: ['news', 'a:b', '*'],
};

const id = fc.constantFrom(...STEP_NAMES.ids);
const userId = fc.option(fc.constantFrom(...STEP_NAMES.users));
const channel = fc.constantFrom(...STEP_NAMES.channels);
const limits = fc.constantFrom<JoinLimits>({}, {}, { maxMembers: 2 }, { maxChannels: 2 });
const agoMs = fc.constantFrom(0, 5, 90_000);
const ms = fc.constantFrom(1, 30_000, 60_000, 540_000, 600_000);

/** A step that changes who is where. */
export const change: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'ensure' as const), id, userId }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), id }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('join' as const), id, channel, limits }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), id, channel }) },
);

/** Any step, time passing among them. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: change },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('touch' as const), id, agoMs }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms }) },
);

export function operationOf(taken: Step): Operation {
  switch (taken.kind) {
    case 'add':
      return operations.add(taken.id, taken.userId);
    case 'ensure':
      return operations.ensure(taken.id, taken.userId);
    case 'remove':
      return operations.remove(taken.id);
    case 'join':
      return operations.join(taken.id, taken.channel, taken.limits);
    case 'leave':
      return operations.leave(taken.id, taken.channel);
    case 'touch':
      return operations.touch(taken.id, taken.agoMs);
    case 'wait':
      return operations.wait(taken.ms);
  }
}
