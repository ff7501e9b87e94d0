import { inTime, LATE, type Clock } from '../../contracts/clock.js';
import type { ResolvedDrainOptions } from '../../options/listening.options-resolver.js';
import { Closes } from '../../protocol/close-codes.js';

/** A connection to part from. */
export interface Parting {
  /** Resolves when none of its messages is being handled. */
  settled(): Promise<void>;
  /** Starts the closing handshake. */
  close(code: number, reason: string, cause: 'server'): void;
  /** Drops the socket. */
  terminate(): void;
  /** Resolves when the application knows of its end. */
  readonly ended: Promise<void>;
}

/** How long clients get to answer a close before their sockets are dropped. */
const ANSWER_MS = 2_000;

const BATCH_EVERY_MS = 100;

/** So many are closed at once: another process takes them in without noticing. */
const SMALL_BATCH = 50;

/** Some connections that are closed together. */
interface Batch {
  readonly afterMs: number;
  /** The index of the first one that belongs to the next batch. */
  readonly end: number;
}

/**
 * When which part of the connections is closed: {@link SMALL_BATCH} every 100 ms, or more where that would take longer than `durationMs`. Within its
 * 100 ms each batch has a random moment, so that several processes that end together do not beat in time.
 */
export function planBatches(count: number, durationMs: number, random: () => number = Math.random): Batch[] {
  const most = Math.max(1, Math.floor(durationMs / BATCH_EVERY_MS));
  const batches = Math.min(most, Math.ceil(count / SMALL_BATCH));
  return Array.from({ length: batches }, (_, index) => ({
    afterMs: index === 0 ? 0 : Math.round((index - random()) * BATCH_EVERY_MS),
    end: Math.floor(((index + 1) * count) / batches),
  }));
}

/**
 * Closes all connections with 1012, batch by batch, each once its messages are handled. Resolves when the application knows of the end of
 * each, and of what `others` wait for, or when `durationMs` and `graceMs` are over; tells whether all came to their end.
 */
export async function drain(
  partings: readonly Parting[],
  others: Iterable<Promise<unknown>>,
  clock: Clock,
  { durationMs, graceMs }: ResolvedDrainOptions,
): Promise<boolean> {
  let start = 0;
  for (const { afterMs, end } of planBatches(partings.length, durationMs)) {
    const batch = partings.slice(start, end);
    start = end;
    if (afterMs === 0) closeAll(batch, clock, graceMs);
    else clock.after(afterMs, () => closeAll(batch, clock, graceMs));
  }
  const all = Promise.all([...partings.map(isOver), ...others]);
  return (await inTime(clock, durationMs + graceMs, all)) !== LATE;
}

/** The client may have sent messages until it heard of the close, and the application has them. */
async function isOver(parting: Parting): Promise<void> {
  await parting.ended;
  await parting.settled();
}

function closeAll(partings: readonly Parting[], clock: Clock, graceMs: number): void {
  for (const parting of partings) void part(parting, clock, graceMs);
}

async function part(parting: Parting, clock: Clock, graceMs: number): Promise<void> {
  // What is left of the grace is for the client's answer, and for the store and the listeners to hear of the end.
  await inTime(clock, graceMs / 2, parting.settled());
  parting.close(Closes.serviceRestart.code, Closes.serviceRestart.reason, 'server');
  if ((await inTime(clock, Math.min(ANSWER_MS, graceMs / 4), parting.ended)) === LATE) parting.terminate();
}
