import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Connection } from '../../src/contracts/connection.js';
import type { ConnectionStore, JoinLimits } from '../../src/contracts/connection.store.js';
import type { ManualClock } from '../support/manual.clock.js';
import { ReferenceModel } from './reference.model.js';

/** A store of its own for each history. */
interface Subject {
  readonly store: ConnectionStore;
  readonly clock: ManualClock;
}

const IDS = ['a', 'b', 'c', '__proto__'];
const USERS = ['ada', 'constructor'];
const CHANNELS = ['news', 'a:b', '*'];

type Step =
  | { readonly kind: 'add' | 'ensure'; readonly id: string; readonly userId: string | null }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'join'; readonly id: string; readonly channel: string; readonly limits: JoinLimits }
  | { readonly kind: 'leave'; readonly id: string; readonly channel: string }
  | { readonly kind: 'touch'; readonly id: string; readonly agoMs: number }
  | { readonly kind: 'wait'; readonly ms: number };

const id = fc.constantFrom(...IDS);
const userId = fc.option(fc.constantFrom(...USERS));
const channel = fc.constantFrom(...CHANNELS);
const limits: fc.Arbitrary<JoinLimits> = fc.constantFrom({}, {}, { maxMembers: 2 }, { maxChannels: 2 });
const ms = fc.constantFrom(1, 30_000, 60_000, 540_000, 600_000);

const change = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'ensure' as const), id, userId }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), id }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('join' as const), id, channel, limits }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), id, channel }) },
);
const passing = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('touch' as const), id, agoMs: fc.constantFrom(0, 5, 90_000) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms }) },
);

/** Random histories of a store, one step after another against a model, and many steps at once against what must hold in any order. */
export function randomHistoriesContract(options: {
  create: () => Promise<Subject>;
  readsClock: boolean;
  expireAfterMs: number;
}): void {
  const { create, readsClock, expireAfterMs } = options;
  const step: fc.Arbitrary<Step> = readsClock
    ? fc.oneof({ weight: 4, arbitrary: change }, { weight: 1, arbitrary: passing })
    : change;

  it('answers every history of operations like the reference model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (history) => {
        const { store, clock } = await create();
        const model = new ReferenceModel(expireAfterMs);
        try {
          for (const each of history) {
            if (each.kind === 'wait') await clock.advance(each.ms);
            else expect(await perform(store, each, clock.now())).toEqual(performOnModel(model, each, clock.now()));
          }
          await expectSame(store, model, clock.now());
        } finally {
          await store.close();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('stays in agreement with itself when operations come all at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 2, maxLength: 40 }), async (steps) => {
        const { store, clock } = await create();
        try {
          const outcomes = await Promise.all(
            steps.map(async (each) => ({ each, answer: await perform(store, each, clock.now()) })),
          );
          await expectAgreement(store);
          for (const connectionId of IDS) {
            const of = outcomes.filter(({ each }) => 'id' in each && each.id === connectionId);
            const gained = of.filter(({ answer }) => answer === true || answer === 'restored').length;
            const lost = of.filter(({ each, answer }) => each.kind === 'remove' && answer !== null).length;
            const [connection] = await store.findMany([connectionId]);
            expect(gained - lost).toBe(connection === null ? 0 : 1);
          }
        } finally {
          await store.close();
        }
      }),
      { numRuns: 300 },
    );
  });
}

function connectionOf(step: Step & { kind: 'add' | 'ensure' }, now: number): Connection {
  const { id: connectionId, userId: user } = step;
  return { connectionId, connectedAt: now, userId: user, routeKey: '$connect', channels: [], endpoint: null };
}

async function perform(store: ConnectionStore, step: Step, now: number): Promise<unknown> {
  switch (step.kind) {
    case 'add':
      return store.add(connectionOf({ ...step, kind: 'add' }, now));
    case 'ensure':
      return store.ensure(connectionOf({ ...step, kind: 'ensure' }, now));
    case 'remove':
      return store.remove(step.id);
    case 'join':
      return store.join(step.id, step.channel, step.limits);
    case 'leave':
      return store.leave(step.id, step.channel);
    case 'touch':
      return store.touch(step.id, now - step.agoMs);
    case 'wait':
      return undefined;
  }
}

function performOnModel(model: ReferenceModel, step: Step, now: number): unknown {
  switch (step.kind) {
    case 'add':
      return model.add(connectionOf({ ...step, kind: 'add' }, now), now);
    case 'ensure':
      return model.ensure(connectionOf({ ...step, kind: 'ensure' }, now), now);
    case 'remove':
      return model.remove(step.id, now);
    case 'join':
      return model.join(step.id, step.channel, step.limits, now);
    case 'leave':
      return model.leave(step.id, step.channel, now);
    case 'touch':
      model.touch(step.id, now - step.agoMs, now);
      return undefined;
    case 'wait':
      return undefined;
  }
}

async function expectSame(store: ConnectionStore, model: ReferenceModel, now: number): Promise<void> {
  expect(await sorted(store.connections())).toEqual(model.connectionIds(now));
  expect(await store.countConnections()).toBe(model.connectionIds(now).length);
  expect(await store.findMany(IDS)).toEqual(IDS.map((connectionId) => model.find(connectionId, now)));
  for (const user of USERS)
    expect((await store.connectionsOfUser(user)).toSorted()).toEqual(model.idsOfUser(user, now));
  const counts = new Map<string, number>();
  for await (const page of store.channels()) for (const { channel: name, members } of page) counts.set(name, members);
  for (const name of CHANNELS) {
    const members = model.members(name, now);
    expect(await sorted(store.members(name))).toEqual(members);
    expect(counts.get(name)).toBe(members.length === 0 ? undefined : members.length);
  }
  for (const instant of [now - 90_000, now, now + 1]) {
    const known = new Set(model.connectionIds(now));
    expect((await sorted(store.staleBefore(instant))).filter((stale) => known.has(stale))).toEqual(
      model.staleIds(instant, now),
    );
  }
}

/** Every list says what the records say. */
async function expectAgreement(store: ConnectionStore): Promise<void> {
  const records = (await store.findMany(IDS)).filter((connection) => connection !== null);
  const idsWhere = (holds: (connection: Connection) => boolean): string[] =>
    records
      .filter(holds)
      .map(({ connectionId }) => connectionId)
      .toSorted();
  expect(await sorted(store.connections())).toEqual(idsWhere(() => true));
  for (const user of USERS)
    expect((await store.connectionsOfUser(user)).toSorted()).toEqual(
      idsWhere((connection) => connection.userId === user),
    );
  const counts = new Map<string, number>();
  for await (const page of store.channels()) for (const { channel: name, members } of page) counts.set(name, members);
  for (const name of CHANNELS) {
    const members = idsWhere(({ channels }) => channels.includes(name));
    expect(await sorted(store.members(name))).toEqual(members);
    expect(counts.get(name) ?? 0).toBe(members.length);
  }
}

async function sorted(pages: AsyncIterable<readonly string[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page);
  return ids.toSorted();
}
