import { deepEqual } from 'node:assert/strict';

/** Fails unless a value has all that is expected of it; it may have more. */
export function partialEqual(actual: unknown, expected: object): void {
  const isObject = typeof actual === 'object' && actual !== null;
  const fields = isObject ? Object.entries(actual).filter(([key]) => key in expected) : [];
  deepEqual(isObject ? Object.fromEntries(fields) : actual, expected);
}
