/** A place in the queue for one connection. */
export interface LaneTicket {
  readonly connectionId: string;
  /** Whether nobody is in front any more. */
  isFirst: boolean;
  /** What to do when that becomes so. */
  whenFirst: (() => void) | null;
  hasLeft: boolean;
  next: LaneTicket | null;
}

/**
 * Keeps messages to one connection in the order in which they were sent: who comes while another one is on its way, or waits for its next
 * attempt, waits until that is over. Costs nothing to speak of where nobody is in the way.
 */
export class DeliveryLanes {
  private readonly last = new Map<string, LaneTicket>();

  /** How many connections a message is on its way to. */
  get size(): number {
    return this.last.size;
  }

  /** Whether a message to the connection is on its way. */
  isBusy(connectionId: string): boolean {
    return this.last.size > 0 && this.last.has(connectionId);
  }

  enter(connectionId: string): LaneTicket {
    const previous = this.last.get(connectionId);
    const ticket: LaneTicket = {
      connectionId,
      isFirst: previous === undefined,
      whenFirst: null,
      hasLeft: false,
      next: null,
    };
    if (previous !== undefined) previous.next = ticket;
    this.last.set(connectionId, ticket);
    return ticket;
  }

  /** Lets the next one go. One that is not first yet is passed over when its turn comes. */
  leave(ticket: LaneTicket): void {
    ticket.hasLeft = true;
    if (!ticket.isFirst) return;
    let next = ticket.next;
    while (next?.hasLeft === true) next = next.next;
    if (next === null) {
      this.last.delete(ticket.connectionId);
      return;
    }
    next.isFirst = true;
    // Not at once: a long queue would become as deep a stack.
    if (next.whenFirst !== null) queueMicrotask(next.whenFirst);
  }
}
