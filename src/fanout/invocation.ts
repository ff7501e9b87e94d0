import { AsyncLocalStorage } from 'node:async_hooks';
import { monotonicNow, type Clock } from '../contracts/clock.js';
import type { Recipient } from '../contracts/connection.store.js';

/** What is known of one invocation of a Lambda function. */
interface Invocation {
  readonly deadlineMs: number;
  /** The connection whose message it handles, once the store was seen to know it. */
  sender: Recipient | null;
}

// Follows the work of one invocation wherever it goes, so that several may run in one process at once.
const invocations = new AsyncLocalStorage<Invocation>();

/** Runs `work`; whatever it sends ends, at the latest, after `timeoutMs`. */
export async function invoke<Result>(clock: Clock, timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
  const invocation: Invocation = { deadlineMs: monotonicNow(clock) + timeoutMs, sender: null };
  try {
    return await invocations.run(invocation, work);
  } finally {
    // What a listener has left running asks the store again.
    invocation.sender = null;
  }
}

/** How long what runs here may still send, in milliseconds; `Infinity` without a deadline, and never less than 0. */
export function timeLeftMs(clock: Clock): number {
  const invocation = invocations.getStore();
  return invocation === undefined ? Infinity : Math.max(0, invocation.deadlineMs - monotonicNow(clock));
}

/** Has messages to this connection need no look-up until the invocation ends, or {@link forgetSender} is called: should it end meanwhile, its gateway says so. */
export function rememberSender({ connectionId, connectedAt, endpoint }: Recipient): void {
  const invocation = invocations.getStore();
  if (invocation !== undefined) invocation.sender = { connectionId, connectedAt, endpoint };
}

/** The connection of that id, if it sent the message that is being handled. */
export function rememberedSender(connectionId: string): Recipient | null {
  const sender = invocations.getStore()?.sender ?? null;
  return sender?.connectionId === connectionId ? sender : null;
}

/** Has messages to this connection looked up again: it was closed, or did not take one. */
export function forgetSender(connectionId: string): void {
  const invocation = invocations.getStore();
  if (invocation?.sender?.connectionId === connectionId) invocation.sender = null;
}
