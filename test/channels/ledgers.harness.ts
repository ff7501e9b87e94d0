import { afterEach, beforeEach } from '@jest/globals';
import type { AnswerBox } from '../../src/contracts/answer.box.js';
import type { ChannelHistory } from '../../src/contracts/channel.history.js';
import type { ConnectionStore } from '../../src/contracts/connection.store.js';
import type { EnterResult, ExitResult, PresenceEntry, PresenceLedger } from '../../src/contracts/presence.ledger.js';
import type { RequestClaims } from '../../src/contracts/request.claims.js';
import { collect } from '../contract/store.harness.js';
import type { ManualClock } from '../support/manual.clock.js';
import type { LedgersScale, LedgersSubject } from './ledgers.contract.js';

/** What the tests of the ledgers work with: a fresh subject for each, and what makes them short. */
export class LedgersHarness {
  readonly callers: number;
  readonly histories: number;
  readonly members: number;
  private subject!: LedgersSubject;

  constructor(
    readonly setup: () => Promise<LedgersSubject>,
    { callers = 50, histories = 50, members = 1_200 }: LedgersScale,
  ) {
    this.callers = callers;
    this.histories = histories;
    this.members = members;
  }

  /** Gives each test of the block that it is called in a subject of its own. */
  readonly forEachTest = (): void => {
    beforeEach(async () => {
      this.subject = await this.setup();
    });
    afterEach(() => this.subject.stop());
  };

  get store(): ConnectionStore {
    return this.subject.store;
  }

  get clock(): ManualClock {
    return this.subject.clock;
  }

  readonly presence = (): PresenceLedger => present(this.subject.store.presence());
  readonly otherPresence = (): PresenceLedger => present(this.subject.other.presence());
  readonly history = (): ChannelHistory => present(this.subject.store.history());
  readonly otherHistory = (): ChannelHistory => present(this.subject.other.history());
  readonly claims = (): RequestClaims => present(this.subject.store.claims());
  readonly otherClaims = (): RequestClaims => present(this.subject.other.claims());
  readonly answers = (): AnswerBox => present(this.subject.store.answers());
  readonly otherAnswers = (): AnswerBox => present(this.subject.other.answers());

  /** One after the other, of two processes in turn. */
  readonly either = <Ledger>(index: number, one: () => Ledger, another: () => Ledger): Ledger =>
    index % 2 === 0 ? one() : another();

  /** Registers a connection and puts it into channels. */
  readonly joined = async (connectionId: string, ...channels: string[]): Promise<void> => {
    await joinedTo(this.subject, connectionId, channels);
  };

  readonly enter = (channel: string, connectionId: string, memberId: string, info = '{}'): Promise<EnterResult> =>
    this.presence().enter(channel, connectionId, { memberId, info });

  readonly exit = (channel: string, connectionId: string, memberId: string): Promise<ExitResult> =>
    this.presence().exit(channel, connectionId, memberId);

  readonly entries = async (channel: string): Promise<PresenceEntry[]> =>
    sorted(await collect(this.presence().members(channel)));

  /** Ids of the members, each as often as it is listed. */
  readonly memberIds = async (channel: string): Promise<string[]> =>
    (await this.entries(channel)).map(({ memberId }) => memberId);
}

export async function joinedTo(
  { store, clock }: Pick<LedgersSubject, 'store' | 'clock'>,
  connectionId: string,
  channels: readonly string[],
): Promise<void> {
  const connectedAt = clock.now();
  await store.add({ connectionId, connectedAt, userId: null, routeKey: '$connect', channels: [], endpoint: null });
  for (const channel of channels) await store.join(connectionId, channel);
}

function sorted(entries: readonly PresenceEntry[]): PresenceEntry[] {
  return entries.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
}

/** What a store that keeps all ledgers has. */
export function present<Ledger>(ledger: Ledger | null): Ledger {
  if (ledger === null) throw new Error('This store has no place for the ledger.');
  return ledger;
}
