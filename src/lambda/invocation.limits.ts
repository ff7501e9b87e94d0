import type { INestApplicationContext } from '@nestjs/common';
import { MAX_DELAY_MS } from '../contracts/clock.js';
import { invoke } from '../fanout/invocation.js';
import { connectionIdOf, routeOf } from '../logging/event.lines.js';
import { Log } from '../logging/log.js';
import { WEBSOCKET_OPTIONS } from '../websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from '../websocket.options-resolver.js';

/** In this part of the reserve nothing more is waited for. */
const LAST_PART = 0.2;

export interface InvocationLimits {
  /** How long the invocation may take, in milliseconds; `null` where that is not known. */
  readonly leftMs: number | null;
  /** How long before that sends end. */
  readonly reserveMs: number;
}

/**
 * Runs `work`, whose sends end `reserveMs` before its time is up. Where it has not finished shortly before, as with a listener that waits for what
 * never comes, that is logged and `overdue` called; it is not answered, for what is still running would be frozen in the middle and go on during
 * another event. Lambda ends the process then, and the next one starts afresh.
 */
export async function withinLimits<Result>(
  application: INestApplicationContext,
  event: unknown,
  { leftMs, reserveMs }: InvocationLimits,
  overdue: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const { clock } = application.get<ResolvedWebSocketOptions>(WEBSOCKET_OPTIONS, { strict: false });
  if (leftMs === null) return invoke(clock, Infinity, work);
  const lastMs = Math.max(0, leftMs - reserveMs * LAST_PART);
  const cancel = clock.after(Math.min(lastMs, MAX_DELAY_MS), () => {
    overdue();
    tellOverdue(application.get(Log, { strict: false }), event);
  });
  try {
    return await invoke(clock, Math.max(0, leftMs - reserveMs), work);
  } finally {
    cancel();
  }
}

function tellOverdue(log: Log, event: unknown): void {
  log.error(
    'invocation.overdue',
    'An invocation has not finished, and its time is up: Lambda ends this process. Look for a listener that waits without a limit, or give the function a longer timeout.',
    { connectionId: connectionIdOf(event), route: routeOf(event) },
  );
}
