import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PresenceLedger } from '../../src/contracts/presence.ledger.js';
import { collect } from '../contract/store.harness.js';
import { joinedTo, present, type LedgersHarness } from './ledgers.harness.js';
import type { LedgersSubject } from './ledgers.contract.js';

const CHANNEL = 'presence-lobby';
const MEMBERS = ['ada', 'bob'];
const CONNECTIONS = 6;

interface Step {
  readonly kind: 'join' | 'enter' | 'leave' | 'crash' | 'end' | 'exit' | 'look' | 'wait';
  readonly connection: number;
}

/** Connections by number; every other one is of the same member. */
const memberOf = (connection: number): string => MEMBERS[connection % MEMBERS.length] as string;

/** What is true of a channel, in a form that is obvious. */
class Truth {
  /** Numbers of the connections that the store has in the channel. */
  readonly inChannel = new Set<number>();
  /** Those that entered and have not exited, also if they are not in the channel any more. */
  readonly entered = new Set<number>();
  /** Those of them that the ledger may have forgotten, because nobody told it of their end for so long, or somebody else took their place. */
  readonly forgettable = new Set<number>();

  isPresent(memberId: string): boolean {
    return this.entriesOf(memberId).some((connection) => this.inChannel.has(connection));
  }

  get members(): string[] {
    return MEMBERS.filter((memberId) => this.isPresent(memberId));
  }

  enter(connection: number): void {
    this.forget(this.entriesOf(memberOf(connection)));
    this.entered.add(connection);
  }

  /** Of these, those that are out of the channel may be forgotten. */
  forget(connections: Iterable<number> = this.entered): void {
    for (const connection of connections) if (!this.inChannel.has(connection)) this.forgettable.add(connection);
  }

  exit(connections: Iterable<number>): void {
    for (const connection of connections) {
      this.entered.delete(connection);
      this.forgettable.delete(connection);
    }
  }

  entriesOf(memberId: string): number[] {
    return [...this.entered].filter((connection) => memberOf(connection) === memberId);
  }
}

/** Random histories of joins, leaves, ends and crashes beside what is true. */
export function presenceModelContract({ setup, histories }: LedgersHarness): void {
  const step = fc.record({
    kind: fc.constantFrom<Step['kind']>(
      'join',
      'join',
      'enter',
      'enter',
      'leave',
      'crash',
      'end',
      'exit',
      'look',
      'wait',
    ),
    connection: fc.integer({ min: 0, max: CONNECTIONS - 1 }),
  });

  describe('presence after random joins, leaves, ends and crashes', () => {
    it('is what is true, at every step, of two processes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const subject = await setup();
          try {
            await follow(subject, steps);
          } finally {
            await subject.stop();
          }
        }),
        { numRuns: histories },
      );
    }, 120_000);
  });
}

async function follow(subject: LedgersSubject, steps: readonly Step[]): Promise<void> {
  const truth = new Truth();
  const ledgers = [present(subject.store.presence()), present(subject.other.presence())] as const;
  for (const [index, step] of steps.entries())
    await perform(subject, ledgers[index % 2] as PresenceLedger, truth, step);
  await expectTruth(ledgers[0], truth);
  // In the end all are gone, and whoever appeared has vanished.
  for (let connection = 0; connection < CONNECTIONS; connection++) await end(subject, ledgers[1], truth, connection);
  await expectTruth(ledgers[1], truth);
}

async function perform(
  subject: LedgersSubject,
  ledger: PresenceLedger,
  truth: Truth,
  { kind, connection }: Step,
): Promise<void> {
  const { store, clock } = subject;
  const id = `c${connection}`;
  const memberId = memberOf(connection);
  switch (kind) {
    case 'join':
      if (!truth.inChannel.has(connection)) await exit(ledger, truth, connection);
      await joinedTo(subject, id, [CHANNEL]);
      truth.inChannel.add(connection);
      return;
    case 'enter': {
      const wasPresent = truth.isPresent(memberId);
      const result = await ledger.enter(CHANNEL, id, { memberId, info: id });
      const isIn = truth.inChannel.has(connection);
      expect(result).toBe(!isIn ? 'not-in-channel' : wasPresent ? 'present' : 'appeared');
      if (isIn) truth.enter(connection);
      return;
    }
    case 'leave':
      await store.leave(id, CHANNEL);
      truth.inChannel.delete(connection);
      return exit(ledger, truth, connection);
    case 'crash':
      await store.remove(id);
      truth.inChannel.delete(connection);
      return;
    case 'end':
      return end(subject, ledger, truth, connection);
    case 'exit':
      return exit(ledger, truth, connection);
    case 'look':
      return expectTruth(ledger, truth);
    case 'wait':
      await clock.advance(61_000);
      truth.forget();
  }
}

async function end({ store }: LedgersSubject, ledger: PresenceLedger, truth: Truth, connection: number): Promise<void> {
  await store.remove(`c${connection}`);
  truth.inChannel.delete(connection);
  await exit(ledger, truth, connection);
}

async function exit(ledger: PresenceLedger, truth: Truth, connection: number): Promise<void> {
  const memberId = memberOf(connection);
  const [hadEntered, mayBeForgotten, wasInChannel] = [truth.entered, truth.forgettable, truth.inChannel].map((set) =>
    set.has(connection),
  );
  const result = await ledger.exit(CHANNEL, `c${connection}`, memberId);
  truth.exit([connection]);
  if (hadEntered !== true) expect(result).toBe('absent');
  else if (truth.isPresent(memberId)) {
    if (wasInChannel === true) expect(result).toBe('present');
    else expect(['present', 'absent']).toContain(result);
  } else if (mayBeForgotten === true) expect(['vanished', 'absent']).toContain(result);
  else expect(result).toBe('vanished');
  if (result === 'vanished') truth.exit(truth.entriesOf(memberId));
}

async function expectTruth(ledger: PresenceLedger, truth: Truth): Promise<void> {
  const found = (await collect(ledger.members(CHANNEL))).map(({ memberId }) => memberId);
  expect([...new Set(found)].toSorted()).toEqual(truth.members);
  expect(await ledger.count(CHANNEL)).toBe(truth.members.length);
}
