/** Upper bounds of the histograms, in milliseconds: from what a process does by itself to what API Gateway waits for. */
export const SERVER_BOUNDS_MS: readonly number[] = Object.freeze([
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
]);

/** The statuses that handshakes are refused with. Any other is `other`: labels come from fixed sets. */
const STATUSES: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 426, 429, 500, 502, 503, 504]);

export function statusLabel(status: number): string {
  return STATUSES.has(status) ? String(status) : 'other';
}

/** What a close code is about (RFC 6455 section 7.4.1, IANA's registry): clients send any number that they like. */
export type CodeClass =
  'normal' | 'going-away' | 'protocol' | 'too-big' | 'policy' | 'lost' | 'server' | 'application' | 'other';

const CLASSES: Readonly<Record<number, CodeClass>> = Object.freeze({
  1000: 'normal',
  1001: 'going-away',
  1002: 'protocol',
  1003: 'protocol',
  1005: 'normal',
  1006: 'lost',
  1007: 'protocol',
  1008: 'policy',
  1009: 'too-big',
  1010: 'protocol',
  1011: 'server',
  1012: 'server',
  1013: 'server',
  1014: 'server',
});

export function classOfCode(code: number): CodeClass {
  if (code >= 3_000 && code <= 4_999) return 'application';
  return CLASSES[code] ?? 'other';
}
