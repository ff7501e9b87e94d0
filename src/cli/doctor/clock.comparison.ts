import { ok, problem, warning, type Finding } from './finding.js';

/** A signature counts for five minutes (AWS: "Signature Version 4", `RequestTimeTooSkewed`). */
const SIGNATURE_MS = 300_000;

/** Ages of connections are compared over processes. */
const NOTICEABLE_MS = 5_000;

/** What another clock said, and between which instants of this one. */
export interface ClockReading {
  readonly of: string;
  readonly time: number;
  /** How coarsely it tells the time. */
  readonly resolutionMs: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Compares this machine's clock with another; as exactly as the way there and back allows. */
export function compareClocks({ of, time, resolutionMs, askedAt, answeredAt }: ClockReading): Finding {
  const doubtMs = (answeredAt - askedAt) / 2 + resolutionMs;
  const difference = (askedAt + answeredAt) / 2 - (time + resolutionMs / 2);
  const offMs = Math.max(0, Math.abs(difference) - doubtMs);
  const direction = difference > 0 ? 'ahead of' : 'behind';
  if (offMs < NOTICEABLE_MS) return ok('clock', `This machine's clock agrees with ${of}.`);
  const message = `This machine's clock is ${Math.round(Math.abs(difference) / 1_000)} seconds ${direction} ${of}.`;
  if (offMs < SIGNATURE_MS) {
    return warning('clock', message, 'Synchronize both by NTP: ages of connections are compared over machines.');
  }
  return problem('clock', message, 'Synchronize it by NTP: AWS refuses signatures that are five minutes off.');
}
