import type { Clock } from '../../contracts/clock.js';
import {
  PresenceLedger,
  type EnteringMember,
  type EnterResult,
  type ExitResult,
  type PresenceEntry,
} from '../../contracts/presence.ledger.js';
import { countOf, pagesOf } from '../page.js';
import { TOMBSTONE_MS } from '../tombstone.js';
import { connectionsIn, type ChannelMemberships } from './channel.memberships.js';
import { KeyedLock } from './keyed-lock.js';
import { hasPresent, MemoryAttendance, type Attendant } from './memory.attendance.js';

/** How many members are looked at in one step. */
const LIST_AT_ONCE = 250;

/** How many connections of a member are looked at to find one that counts: as a rule it is the first. */
const LOOK_AT_ONCE = 10;

/** How many connections each entering looks at, to forget those that ended and that nobody exited: more than the one it adds. */
const TIDIED_AT_ONCE = 2;

/**
 * The members of channels of one process. What counts is whether the store has a connection in the channel; readers leave what does not where it is,
 * since its exit may be on its way. Where the store tells of those that are out of a channel, to count costs the same however many there are;
 * elsewhere each is looked up.
 */
export class MemoryPresenceLedger extends PresenceLedger {
  private readonly channels = new Map<string, MemoryAttendance>();
  private readonly lock = new KeyedLock();
  private tidied = this.connections();
  private isToldOfLeaving: boolean | undefined;

  constructor(
    private readonly memberships: ChannelMemberships,
    private readonly clock: Clock,
  ) {
    super();
  }

  async enter(channel: string, connectionId: string, { memberId, info }: EnteringMember): Promise<EnterResult> {
    this.isToldOfLeaving ??=
      this.memberships.observeLeaving?.((id, name) => this.channels.get(name)?.leave(id, this.clock.now())) ?? false;
    await this.tidy();
    return this.lock.run(keyOf(channel, memberId), async () => {
      const known = this.channels.get(channel)?.find(memberId);
      const isPresent = known !== undefined && (await this.isPresent(channel, known));
      const isIn = await this.memberships.whileIn(connectionId, channel, () => {
        const attendance = this.channels.get(channel) ?? new MemoryAttendance();
        attendance.enter(connectionId, memberId, info ?? (isPresent ? known.info : ''));
        this.channels.set(channel, attendance);
      });
      if (!isIn) return 'not-in-channel';
      return isPresent ? 'present' : 'appeared';
    });
  }

  exit(channel: string, connectionId: string, memberId: string): Promise<ExitResult> {
    return this.lock.run(keyOf(channel, memberId), async () => {
      const known = this.channels.get(channel)?.find(memberId);
      if (known?.connections.has(connectionId) !== true) return 'absent';
      const isPresent = await this.isPresent(channel, known, connectionId);
      this.change(channel, (attendance) => {
        if (isPresent) attendance.drop(connectionId);
        else attendance.dropMember(known);
      });
      return isPresent ? 'present' : 'vanished';
    });
  }

  async *members(channel: string): AsyncIterable<readonly PresenceEntry[]> {
    const attendants = [...(this.channels.get(channel)?.attendants() ?? [])];
    for (const page of pagesOf(attendants, LIST_AT_ONCE)) {
      const present = await this.presentOf(channel, page);
      if (present.length > 0) yield present.map(({ memberId, info }) => ({ memberId, info }));
    }
  }

  async count(channel: string): Promise<number> {
    if (this.isToldOfLeaving === true) {
      await this.memberships.findMany([]);
      return this.channels.get(channel)?.presentCount ?? 0;
    }
    return countOf(this.members(channel));
  }

  /** How many connections are remembered, in all channels. */
  get size(): number {
    return [...this.connections()].length;
  }

  private async presentOf(channel: string, attendants: readonly Attendant[]): Promise<Attendant[]> {
    if (this.isToldOfLeaving === true) {
      await this.memberships.findMany([]);
      return attendants.filter((attendant) => hasPresent(attendant));
    }
    const firstOf = ({ connections }: Attendant): string => connections.keys().next().value ?? '';
    const alive = await this.aliveOf(channel, attendants.map(firstOf));
    const arePresent = await Promise.all(
      attendants.map(async (attendant) => {
        if (alive.has(firstOf(attendant))) return true;
        return attendant.connections.size > 1 && this.isPresent(channel, attendant);
      }),
    );
    return attendants.filter((_, index) => arePresent[index]);
  }

  /** Whether a member is there by a connection other than this one. Looks no further than it has to. */
  private async isPresent(channel: string, attendant: Attendant, except?: string): Promise<boolean> {
    if (this.isToldOfLeaving === true) {
      await this.memberships.findMany([]);
      return hasPresent(attendant, except);
    }
    let some: string[] = [];
    for (const connectionId of attendant.connections.keys()) {
      if (connectionId === except || some.push(connectionId) < LOOK_AT_ONCE) continue;
      if ((await this.aliveOf(channel, some)).size > 0) return true;
      some = [];
    }
    return (await this.aliveOf(channel, some)).size > 0;
  }

  private aliveOf(channel: string, connectionIds: readonly string[]): Promise<ReadonlySet<string>> {
    return connectionsIn(this.memberships, channel, connectionIds);
  }

  private async tidy(): Promise<void> {
    for (let count = 0; count < TIDIED_AT_ONCE; count++) {
      const { done, value } = this.tidied.next();
      if (done === true) {
        this.tidied = this.connections();
        return;
      }
      const [channel, memberId, connectionId] = value;
      const isIn = (await this.aliveOf(channel, [connectionId])).size > 0;
      const connections = this.channels.get(channel)?.find(memberId)?.connections;
      const missingSince = connections?.get(connectionId);
      if (isIn || connections === undefined || missingSince === undefined) continue;
      const now = this.clock.now();
      if (missingSince === null) this.change(channel, (attendance) => attendance.leave(connectionId, now));
      else if (missingSince + TOMBSTONE_MS < now) this.change(channel, (attendance) => attendance.drop(connectionId));
    }
  }

  private change(channel: string, step: (attendance: MemoryAttendance) => void): void {
    const attendance = this.channels.get(channel);
    if (attendance === undefined) return;
    step(attendance);
    if (attendance.size === 0) this.channels.delete(channel);
  }

  private *connections(): Generator<readonly [channel: string, memberId: string, connectionId: string], void> {
    for (const [channel, attendance] of this.channels) {
      for (const { memberId, connections } of attendance.attendants()) {
        for (const connectionId of connections.keys()) yield [channel, memberId, connectionId];
      }
    }
  }
}

function keyOf(channel: string, memberId: string): string {
  return JSON.stringify([channel, memberId]);
}
