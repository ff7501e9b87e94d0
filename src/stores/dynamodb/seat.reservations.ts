import type { Clock } from '../../contracts/clock.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { secondsOf, TTL_SLACK_MS } from './lifetime.js';
import { mapKey } from './attribute.values.js';
import { pause } from './pause.js';
import type { PointerReader } from './pointer.reader.js';
import type { TableKeys } from './table.keys.js';
import type { TableRequests } from './table.requests.js';
import { randomToken } from '../random.token.js';

/** How many seats one write takes, and how many forgotten ones it clears: an expression may have 4 KB. */
const SEATS_AT_ONCE = 40;

/** How long after its deadline a request of a caller may still take effect. */
const LATEST_EFFECT_MS = 5_000;

interface Applicant {
  readonly connectionId: string;
  readonly maxMembers: number;
  readonly signal: AbortSignal;
  answer(seat: string | null): void;
  fail(error: unknown): void;
}

/** Who is about to join a channel with a limit. */
interface Ledger {
  /** Changed by whoever takes a seat. */
  readonly version: string | undefined;
  /** `{until}.{token}` of each seat, by connection id. */
  readonly seats: ReadonlyMap<string, string>;
}

/**
 * Lets exactly as many connections into a channel as it may have, however many come at once.
 *
 * Nobody counts up and down, for a crash in between would leave a wrong number. Instead a caller who finds room takes a seat before it joins,
 * and gives it back once it has: a seat is taken only when members and seats together leave room, by a write that fails when somebody else
 * has taken one since they were counted. A seat whose owner crashed is free again after a few seconds. The callers of one process share a
 * count and a write.
 */
export class SeatReservations {
  private readonly queues = new Map<string, Applicant[]>();

  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly reader: PointerReader,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** Takes a seat; `null` when the channel is full. */
  take(channel: string, connectionId: string, maxMembers: number, signal: AbortSignal): Promise<string | null> {
    return new Promise((answer, fail) => {
      const applicant = { connectionId, maxMembers, signal, answer, fail };
      const queue = this.queues.get(channel);
      if (queue !== undefined) {
        queue.push(applicant);
        return;
      }
      const newQueue = [applicant];
      this.queues.set(channel, newQueue);
      void this.serve(channel, newQueue);
    });
  }

  /** Gives a seat back, once its owner is a member or has failed to become one. */
  async giveBack(requests: TableRequests, channel: string, connectionId: string, seat: string): Promise<void> {
    await requests.update(this.keys.seats(channel), {
      update: 'REMOVE #seats.#id',
      condition: '#seats.#id = :seat',
      names: { id: mapKey(connectionId) },
      values: { seat },
    });
  }

  private async serve(channel: string, queue: Applicant[]): Promise<void> {
    while (queue.length > 0) {
      const applicants = nextOf(queue);
      if (applicants.length === 0) continue;
      try {
        const seats = await this.table.run('join a channel', (requests) => this.assign(requests, channel, applicants));
        for (const each of applicants) each.answer(seats.get(each.connectionId) ?? null);
      } catch (error) {
        for (const each of applicants) each.fail(error);
      }
    }
    this.queues.delete(channel);
  }

  /** The seats that the applicants get, by connection id. */
  private async assign(
    requests: TableRequests,
    channel: string,
    applicants: readonly Applicant[],
  ): Promise<ReadonlyMap<string, string>> {
    for (let attempt = 0; ; attempt++) {
      // Before the members: whoever gives a seat back meanwhile is among those.
      const ledger = await this.readLedger(requests, channel);
      const seats = await this.choose(requests, channel, ledger, applicants);
      if (seats.size === 0 || (await this.write(requests, channel, ledger, seats))) return seats;
      await pause(attempt, requests.signal);
    }
  }

  private async choose(
    requests: TableRequests,
    channel: string,
    ledger: Ledger,
    applicants: readonly Applicant[],
  ): Promise<ReadonlyMap<string, string>> {
    const now = this.clock.now();
    const until = now + this.timeoutMs + LATEST_EFFECT_MS;
    const taken = new Set([...ledger.seats].filter(([, seat]) => untilOf(seat) > now).map(([id]) => id));
    const seats = new Map<string, string>();
    // Counting what points at members is cheap and gives no number that is too low. Only a channel that looks full is looked at closely.
    let others = await this.reader.countAtMost(requests, channel);
    let isExact = false;
    for (const { connectionId, maxMembers } of applicants) {
      const hasRoom = (): boolean => others + taken.size - (taken.has(connectionId) ? 1 : 0) < maxMembers;
      if (!hasRoom() && !isExact) {
        for (const member of await this.reader.membersWithin(requests, channel)) taken.add(member);
        others = 0;
        isExact = true;
      }
      if (!hasRoom()) continue;
      taken.add(connectionId);
      seats.set(connectionId, `${until}.${randomToken()}`);
    }
    return seats;
  }

  private async readLedger(requests: TableRequests, channel: string): Promise<Ledger> {
    const fields = await requests.get(this.keys.seats(channel));
    return fields === undefined ? { version: undefined, seats: new Map() } : (fields as unknown as Ledger);
  }

  private async write(
    requests: TableRequests,
    channel: string,
    ledger: Ledger,
    seats: ReadonlyMap<string, string>,
  ): Promise<boolean> {
    const key = this.keys.seats(channel);
    const now = this.clock.now();
    const ttl = secondsOf(now + TTL_SLACK_MS);
    const version = randomToken();
    if (ledger.version === undefined) {
      const isFirst = 'attribute_not_exists(#pk)';
      if (await requests.put({ ...key, version, seats, ttl }, isFirst, {})) return true;
    } else {
      const names: Record<string, string> = {};
      const values: Record<string, string> = {};
      const sets = [...seats].map(([connectionId, seat], index) => {
        names[`id${index}`] = mapKey(connectionId);
        values[`seat${index}`] = seat;
        return `#seats.#id${index} = :seat${index}`;
      });
      const forgotten = [...ledger.seats].filter(([id, seat]) => untilOf(seat) <= now && !seats.has(id));
      const removals = forgotten.slice(0, SEATS_AT_ONCE).map(([connectionId], index) => {
        names[`gone${index}`] = mapKey(connectionId);
        return `#seats.#gone${index}`;
      });
      const written = await requests.update(key, {
        update:
          `SET #version = :version, #ttl = :ttl, ${sets.join(', ')}` +
          (removals.length > 0 ? ` REMOVE ${removals.join(', ')}` : ''),
        condition: '#version = :before',
        names,
        values: { ...values, version, ttl, before: ledger.version },
      });
      if (written !== null) return true;
    }
    // Refused, maybe by its own first attempt, whose answer was lost.
    return (await this.readLedger(requests, channel)).version === version;
  }
}

/** Takes the next applicants out of a queue, no connection twice. Who gave up while waiting gets no seat. */
function nextOf(queue: Applicant[]): Applicant[] {
  const next = new Map<string, Applicant>();
  const rest: Applicant[] = [];
  for (const applicant of queue) {
    if (applicant.signal.aborted) applicant.answer(null);
    else if (next.size < SEATS_AT_ONCE && !next.has(applicant.connectionId))
      next.set(applicant.connectionId, applicant);
    else rest.push(applicant);
  }
  queue.splice(0, queue.length, ...rest);
  return [...next.values()];
}

function untilOf(seat: string): number {
  return Number.parseInt(seat, 10);
}
