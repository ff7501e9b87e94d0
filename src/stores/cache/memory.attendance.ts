/** A member of a channel. */
export interface Attendant {
  readonly memberId: string;
  info: string;
  /** The connections by which they are there; of those found out of the channel, since when (epoch ms). */
  readonly connections: Map<string, number | null>;
}

/** Who is in one channel, by which connections. */
export class MemoryAttendance {
  private readonly members = new Map<string, Attendant>();
  private readonly byConnection = new Map<string, Attendant>();
  /** Those all of whose connections are known to be out of the channel. */
  private readonly absent = new Set<Attendant>();

  get size(): number {
    return this.members.size;
  }

  /** How many are not known to be absent. */
  get presentCount(): number {
    return this.members.size - this.absent.size;
  }

  find(memberId: string): Attendant | undefined {
    return this.members.get(memberId);
  }

  attendants(): Iterable<Attendant> {
    return this.members.values();
  }

  enter(connectionId: string, memberId: string, info: string): void {
    if (this.byConnection.get(connectionId)?.memberId !== memberId) this.drop(connectionId);
    const attendant = this.members.get(memberId) ?? { memberId, info, connections: new Map<string, null>() };
    attendant.info = info;
    attendant.connections.set(connectionId, null);
    this.members.set(memberId, attendant);
    this.byConnection.set(connectionId, attendant);
    this.absent.delete(attendant);
  }

  /** The connection is out of the channel, but has not exited. */
  leave(connectionId: string, now: number): void {
    const attendant = this.byConnection.get(connectionId);
    if (attendant === undefined) return;
    attendant.connections.set(connectionId, now);
    if (!hasPresent(attendant)) this.absent.add(attendant);
  }

  /** Forgets a connection, and with the last its member. */
  drop(connectionId: string): void {
    const attendant = this.byConnection.get(connectionId);
    if (attendant === undefined) return;
    this.byConnection.delete(connectionId);
    attendant.connections.delete(connectionId);
    if (attendant.connections.size > 0) return;
    this.members.delete(attendant.memberId);
    this.absent.delete(attendant);
  }

  /** Forgets a member with all connections. */
  dropMember({ connections }: Attendant): void {
    for (const connectionId of [...connections.keys()]) this.drop(connectionId);
  }
}

/** Whether one of the connections, other than this one, is not known to be out of the channel. */
export function hasPresent({ connections }: Attendant, except?: string): boolean {
  for (const [connectionId, since] of connections) if (since === null && connectionId !== except) return true;
  return false;
}
